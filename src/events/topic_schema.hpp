#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace userd {

/// What the values of a topic are.
struct TopicSchema {
    std::string topic;
    std::string file;                ///< "proto/userd/v1/user.proto"
    std::string_view text;           ///< of that file as it was when userd was built
    std::vector<int> message_index;  ///< of the value's message, as confluent_prefix() takes it

    /// "<topic>-value": by topic name.
    [[nodiscard]] std::string subject() const { return topic + "-value"; }
};

/// Of the users' events.
[[nodiscard]] TopicSchema user_schema(std::string topic);
/// Of the security events.
[[nodiscard]] TopicSchema audit_schema(std::string topic);

}  // namespace userd
