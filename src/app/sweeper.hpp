#pragma once

#include <atomic>

#include "async/task.hpp"
#include "store/store.hpp"

namespace userd {

/// Removes expired sessions and counters in small steps, so that no other write waits long, until
/// `stopping`. What the store cannot do now is tried again later.
Task<void> sweep_store(Store& store, const std::atomic<bool>& stopping);

}  // namespace userd
