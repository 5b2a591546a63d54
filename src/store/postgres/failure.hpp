#pragma once

#include <libpq-fe.h>

#include <string>

namespace userd::postgres {

/// What the database said when it did not do what it was asked.
struct Failure {
    enum class Kind {
        rolled_back,  ///< because of others, or of what the connection lost: try again
        read_only,    ///< rolled back: this is a standby, the primary is elsewhere
        unique,       ///< a unique constraint
        unavailable,  ///< rolled back: disk full, cancelled, not permitted, no such table, …
        broken,       ///< the connection ends; whether it was committed is not known
        fault,        ///< a statement of ours is wrong
    };
    Kind kind = Kind::fault;
    std::string message;  ///< one line
    /// The connection is of no more use: it has lost what we prepared, or is to a standby.
    bool ends_connection = false;
};

/// Of a result with PGRES_FATAL_ERROR (SQLSTATE: PostgreSQL, appendix A).
[[nodiscard]] Failure failure_of(const PGresult* result);

/// libpq's words on one line, without the trailing break.
[[nodiscard]] std::string one_line(const char* message);

}  // namespace userd::postgres
