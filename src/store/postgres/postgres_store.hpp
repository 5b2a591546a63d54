#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "store/migration.hpp"
#include "store/store.hpp"

namespace userd {

struct PostgresSettings {
    Secret conninfo;       ///< libpq's URI or keywords; several hosts allowed
    bool prepared = true;  ///< named statements; off for poolers in transaction mode
    /// Operations awaited on one of these loops use connections of that loop; all others share
    /// those of a thread of the store's own. Each outlives the store, and runs no more when it
    /// goes.
    std::vector<boost::asio::io_context*> loops;
    std::size_t connections = 8;  ///< at most, for each loop; 2 at least
    std::size_t queue = 4096;     ///< operations that may wait, for each loop; more are
                                  ///< StoreUnavailable
    std::chrono::milliseconds connect_timeout{3000};    ///< for each host
    std::chrono::milliseconds operation_timeout{5000};  ///< waiting for a connection included
    bool audit = false;                                 ///< operations write to the audit log
    std::optional<Clock> clock;                         ///< unset: the database's own
};

/// Never waits: connects in the background, again and again. std::runtime_error with one line when
/// libpq does not understand the conninfo. Operations throw StoreUnavailable at once while the
/// database is known to be away.
[[nodiscard]] std::unique_ptr<Store> make_postgres_store(PostgresSettings settings);

/// Brings the schema up to date, under a lock that all processes share; waits at most a minute for
/// it. std::runtime_error with one line: the database is away, its schema is newer than this binary
/// works with, not ours, or `stop` was requested (what runs then is rolled back).
MigrationResult migrate_postgres(const Secret& conninfo, std::chrono::milliseconds connect_timeout,
                                 std::stop_token stop = {});

}  // namespace userd
