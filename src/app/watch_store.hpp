#pragma once

#include <atomic>
#include <chrono>

#include "accounts/accounts.hpp"
#include "app/metrics.hpp"
#include "async/task.hpp"
#include "store/store.hpp"

namespace userd {

struct WatchParts {
    Store& store;
    Accounts& accounts;  ///< told which formats of hashes there are
    StoreFigures& figures;
    std::chrono::seconds count_sessions_every;  ///< or less often: it reads the whole table
};

/// Looks every two seconds, on the loop it is started on, until `stopping`.
Task<void> watch_store(WatchParts parts, const std::atomic<bool>& stopping);

}  // namespace userd
