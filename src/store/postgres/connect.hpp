#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "store/postgres/conninfo.hpp"

namespace userd::postgres {

struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using ConnectionPtr = std::unique_ptr<PGconn, Finish>;

struct Connected {
    ConnectionPtr connection;  ///< null: `error` says why
    std::string error;         ///< one line, of every host
};

/// Tries the hosts in turn until one takes us, for `timeout` each. Blocks (libpq 15 looks names up
/// in place), so it has a thread of its own; ends soon after `stop` is set.
[[nodiscard]] Connected connect(const Conninfo& conninfo, std::chrono::milliseconds timeout,
                                const std::atomic<bool>& stop);

}  // namespace userd::postgres
