#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/event.hpp"

namespace userd {

/// One Kafka record as the contract has it.
struct Record {
    std::string key;  ///< user id as text; empty: none
    /// Protobuf: userd.v1.User after a prefix, none for a deletion; or userd.v1.SecurityEvent.
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::string>> headers;  ///< CloudEvents 1.0 binary mode
};

/// `source` is ce_source, `value_prefix` comes before a value that is not null. Throws
/// std::logic_error for a change whose state is missing.
[[nodiscard]] Record encode(const Event& event, const std::string& source,
                            const std::string& value_prefix = {});

/// Of the value's message in its .proto, as confluent_prefix() takes it.
[[nodiscard]] std::vector<int> user_message_index();

[[nodiscard]] Record encode(const AuditEvent& event, const std::string& source);

/// "user.registered", "user.updated", "user.deleted".
[[nodiscard]] std::string_view name_of(EventType type) noexcept;

}  // namespace userd
