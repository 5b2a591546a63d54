#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>

#include "accounts/accounts.hpp"
#include "accounts/key_keeper.hpp"
#include "app/metrics.hpp"
#include "store/store.hpp"

namespace userd {

struct UpkeepParts {
    Store& store;
    bool is_shared;  ///< with other replicas
    Accounts& accounts;
    KeyKeeper& keeper;
    StoreFigures& figures;
    std::chrono::milliseconds keep_events;  ///< after they were sent
};

/// Starts on the loop, until `stopping`, what a server does for its store unasked: watch, sweep,
/// keep the keys.
void start_upkeep(boost::asio::io_context& loop, UpkeepParts parts,
                  const std::atomic<bool>& stopping);

}  // namespace userd
