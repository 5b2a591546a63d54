#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/clock.hpp"

namespace userd {

struct OutboxClaim {
    std::string holder;  ///< names one run of one process; no two runs share it
    std::chrono::milliseconds duration{};
};

/// Ends `duration` after the claim was begun unless it is renewed, by the store's clock.
struct OutboxLease {
    std::int64_t epoch = 0;  ///< raised whenever the lease changes hands
};

/// For people: who has it. One that ran out is its holder's until another claims it.
struct LeaseState {
    std::int64_t epoch = 0;  ///< 0: nobody ever had it
    std::string holder;      ///< empty when it is free
    std::optional<Timestamp> until;
};

/// The lease of that epoch is another's by now, or free: what was asked for was not done.
class LeaseLost : public std::runtime_error {
  public:
    LeaseLost() : std::runtime_error("another process moves the events now") {}
};

}  // namespace userd
