#pragma once

#include <atomic>
#include <string_view>

#include "base/log.hpp"

namespace userd {

/// Whether something works, which is logged when it changes and not with each failure. Thread-safe.
class Health {
  public:
    /// What is done, for the log; a constant.
    explicit Health(std::string_view what) : what_(what) {}

    void failed(std::string_view error) {
        if (failing_.exchange(true)) return;
        log::error("the database cannot be used", {{"for", what_}, {"error", error}});
    }
    void worked() {
        // A plain load first: this is on the path of every read.
        if (!failing_.load(std::memory_order_relaxed) || !failing_.exchange(false)) return;
        log::info("the database can be used again", {{"for", what_}});
    }
    [[nodiscard]] bool is_failing() const noexcept {
        return failing_.load(std::memory_order_relaxed);
    }

  private:
    std::string_view what_;
    std::atomic<bool> failing_{false};
};

}  // namespace userd
