#include "events/codec.hpp"

#include <cstdlib>
#include <stdexcept>

#include "store/audit.hpp"
#include "userd/v1/user.pb.h"

namespace userd {
namespace {

std::string value_of(const Event& event, std::string value) {
    if (!event.state)
        throw std::logic_error("event " + event.id.to_string() + " has no state to send");
    const UserState& state = *event.state;
    v1::User user;
    user.set_created_at(unix_seconds(state.created_at));
    user.set_username(state.username);
    user.set_email(state.email);
    user.set_user_id(event.user.to_string());
    user.set_version(event.version);
    user.set_updated_at(unix_seconds(state.updated_at));
    user.set_disabled(state.disabled);
    user.AppendToString(&value);
    return value;
}

}  // namespace

std::string_view name_of(EventType type) noexcept {
    switch (type) {
        case EventType::user_registered:
            return "user.registered";
        case EventType::user_updated:
            return "user.updated";
        case EventType::user_deleted:
            return "user.deleted";
    }
    std::abort();
}

Record encode(const Event& event, const std::string& source, const std::string& value_prefix) {
    if (event.audit) return encode(*event.audit, source, value_prefix);
    Record record;
    record.key = event.user.to_string();
    if (event.type != EventType::user_deleted) record.value = value_of(event, value_prefix);
    record.headers = {
        {"ce_specversion", "1.0"},
        {"ce_id", event.id.to_string()},
        {"ce_source", source},
        {"ce_type", std::string(name_of(event.type))},
        {"ce_time", rfc3339(event.time)},
        {"ce_subject", record.key},
        {"ce_sequence", std::to_string(event.version)},
        {"content-type", "application/protobuf"},
    };
    if (!event.traceparent.empty()) record.headers.emplace_back("traceparent", event.traceparent);
    return record;
}

}  // namespace userd
