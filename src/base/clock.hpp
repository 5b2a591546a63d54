#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace userd {

/// Wall-clock time in milliseconds since the Unix epoch, UTC.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// Where the time comes from; tests pass their own.
using Clock = std::function<Timestamp()>;

[[nodiscard]] Timestamp system_now() noexcept;

[[nodiscard]] constexpr std::int64_t unix_seconds(Timestamp time) noexcept {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}
[[nodiscard]] constexpr std::int64_t unix_millis(Timestamp time) noexcept {
    return time.time_since_epoch().count();
}
[[nodiscard]] constexpr Timestamp from_unix_millis(std::int64_t millis) noexcept {
    return Timestamp{std::chrono::milliseconds{millis}};
}
[[nodiscard]] constexpr Timestamp from_unix_seconds(std::int64_t seconds) noexcept {
    return Timestamp{std::chrono::seconds{seconds}};
}

/// RFC 3339 in UTC with milliseconds: `2026-01-31T09:05:00.250Z`.
[[nodiscard]] std::string rfc3339(Timestamp time);

}  // namespace userd
