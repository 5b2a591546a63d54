#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace userd {

/// Names a counter: a keyed hash, so that the table tells neither names nor addresses.
using AttemptKey = std::string;  ///< 16 bytes

/// How often something happened within a window that began with the first.
struct Attempts {
    std::int64_t count = 0;
    Timestamp first_at;
    Timestamp last_at;
};

struct CountAttempt {
    AttemptKey key;
    std::chrono::seconds window{};  ///< so long after the first the counter starts anew
};

}  // namespace userd
