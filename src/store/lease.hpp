#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace userd {

struct OutboxClaim {
    std::string holder;  ///< names one run of one process; no two runs share it
    std::chrono::milliseconds duration{};
};

/// Ends `duration` after the claim was begun unless it is renewed, by the store's clock.
struct OutboxLease {
    std::int64_t epoch = 0;  ///< raised whenever the lease changes hands
};

/// The lease of that epoch is another's by now, or free: what was asked for was not done.
class LeaseLost : public std::runtime_error {
  public:
    LeaseLost() : std::runtime_error("another process moves the events now") {}
};

}  // namespace userd
