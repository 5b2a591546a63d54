#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "store/lease.hpp"

namespace userd::sqlite {

/// The lease on the outbox, as in store.hpp. It lives in memory, since the file's lock admits one
/// process: what one run of it granted cannot meet what another did. Thread-safe.
class Lease {
  public:
    explicit Lease(Clock clock) : clock_(std::move(clock)) {}

    std::optional<OutboxLease> claim(const OutboxClaim& claim);
    void release(std::int64_t epoch);
    [[nodiscard]] LeaseState state() const;
    /// LeaseLost. One that ran out and that nobody took is its holder's still.
    void check(std::int64_t epoch) const;

  private:
    const Clock clock_;
    mutable std::mutex mutex_;
    std::string holder_;  ///< empty while it is free
    std::int64_t epoch_ = 0;
    Timestamp end_;
};

}  // namespace userd::sqlite
