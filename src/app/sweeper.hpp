#pragma once

#include <atomic>
#include <chrono>

#include "async/task.hpp"
#include "store/store.hpp"

namespace userd {

struct SweepSettings {
    SessionId from;  ///< where it begins; replicas that begin in different places share the work
    std::chrono::seconds counters_every{1};  ///< finding the ones too many counts them all
};

/// Removes expired sessions and counters in small steps, so that no other write waits long, until
/// `stopping`. What the store cannot do now is tried again later.
Task<void> sweep_store(Store& store, SweepSettings settings, const std::atomic<bool>& stopping);

/// Removes events that were sent and are older than `age`, as sweep_store.
Task<void> sweep_events(Store& store, std::chrono::milliseconds age,
                        const std::atomic<bool>& stopping);

}  // namespace userd
