#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/event.hpp"

namespace userd {

/// A record as it is read from a topic.
struct TopicRecord {
    int partition = 0;
    std::int64_t offset = 0;
    std::string key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// What a record of ours says. Times of the state have seconds only.
struct TopicChange {
    UserId user;
    EventId id;
    std::string type;  ///< "user.registered", …
    std::int64_t version = 0;
    std::string time;  ///< RFC 3339
    std::optional<UserState> state;
};

/// Nothing when the record is none of ours. A value in the Confluent wire format is read as well.
[[nodiscard]] std::optional<TopicChange> decode(const TopicRecord& record);

/// Of a state as consumers see it. Equal for equal states, and in practice for no others.
using Fingerprint = std::array<std::uint8_t, 16>;
[[nodiscard]] Fingerprint fingerprint_of(const std::optional<UserState>& state);

}  // namespace userd
