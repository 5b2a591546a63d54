#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/event.hpp"

namespace userd {

/// One Kafka record as the contract has it.
struct Record {
    std::string key;  ///< user id as text; empty: none
    /// Protobuf after a prefix: userd.v1.User, none for a deletion; or userd.v1.SecurityEvent.
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::string>> headers;  ///< CloudEvents 1.0 binary mode
};

/// `source` is ce_source, `value_prefix` comes before a value that is not null. Throws
/// std::logic_error for a change whose state is missing.
[[nodiscard]] Record encode(const Event& event, const std::string& source,
                            const std::string& value_prefix = {});

[[nodiscard]] Record encode(const AuditEvent& event, const std::string& source,
                            const std::string& value_prefix = {});

/// "user.registered", "user.updated", "user.deleted".
[[nodiscard]] std::string_view name_of(EventType type) noexcept;

}  // namespace userd
