#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "events/topic_record.hpp"

namespace userd {

/// A record for people, or as a JSON object: one line. Control bytes become '?'.
[[nodiscard]] std::string describe(const TopicRecord& record, bool json);

/// `2026-01-31`, `2026-01-31T09:05:00Z`, with an offset in place of the Z, or `90s`, `15m`, `24h`,
/// `7d` before `now`. Nothing when it is none of these.
[[nodiscard]] std::optional<Timestamp> parse_since(std::string_view text, Timestamp now);

}  // namespace userd
