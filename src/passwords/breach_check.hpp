#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "async/task.hpp"
#include "base/secret.hpp"
#include "passwords/breach_check_settings.hpp"

namespace userd {

/// Checks that ended; read at any time from any thread.
struct BreachCounts {
    std::atomic<std::uint64_t> ok{0};
    std::atomic<std::uint64_t> breached{0};
    std::atomic<std::uint64_t> failed{0};
};

/// Asks whether a password is known from data breaches. Thread-safe; destroyed after the loops are
/// joined.
class BreachCheck {
  public:
    virtual ~BreachCheck() = default;

    /// False, too, when nobody could tell in time: a check that fails never stops a registration.
    virtual Task<bool> is_breached(Secret password) = 0;

    [[nodiscard]] virtual const BreachCounts& counts() const noexcept = 0;
};

/// Null when no service is set. std::runtime_error when libcurl cannot start.
[[nodiscard]] std::unique_ptr<BreachCheck> make_breach_check(const BreachCheckSettings& settings);

}  // namespace userd
