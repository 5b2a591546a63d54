#include "events/topic_schema.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/embedded.hpp"
#include "userd/v1/security_event.pb.h"
#include "userd/v1/user.pb.h"

namespace userd {

/// The .proto files by their names below proto; made by userd_embed.
namespace schemas {
const std::vector<EmbeddedFile>& files();
}  // namespace schemas

namespace {

TopicSchema schema_of(const google::protobuf::Descriptor& message, std::string topic) {
    const std::string& name = message.file()->name();
    const auto& files = schemas::files();
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const EmbeddedFile& each) { return each.name == name; });
    if (file == files.end()) throw std::logic_error(name + " is not in the binary");
    return {std::move(topic), "proto/" + name, file->content, {message.index()}};
}

}  // namespace

TopicSchema user_schema(std::string topic) {
    return schema_of(*v1::User::descriptor(), std::move(topic));
}

TopicSchema audit_schema(std::string topic) {
    return schema_of(*v1::SecurityEvent::descriptor(), std::move(topic));
}

}  // namespace userd
