#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.hpp"

namespace userd {

/// A clock that stands until it is moved.
class TestClock {
  public:
    [[nodiscard]] Timestamp now() const { return from_unix_millis(millis_); }
    void advance(std::chrono::milliseconds by) { millis_ += by.count(); }
    [[nodiscard]] Clock clock() {
        return [this] { return now(); };
    }

  private:
    // Not a whole second, so that what must be cut to seconds is seen to be.
    std::atomic<std::int64_t> millis_{1'700'000'000'250};
};

}  // namespace userd
