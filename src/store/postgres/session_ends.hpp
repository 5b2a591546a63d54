#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/postgres/database.hpp"
#include "store/store.hpp"

/// How sessions end and their rows go: the statements behind Store's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<bool> end_session(Database& db, UserId user, SessionId session,
                                     std::string reason);
[[nodiscard]] Task<std::int64_t> end_sessions(Database& db, UserId user, std::string reason);
[[nodiscard]] Task<SessionSweep> sweep_sessions(Database& db, SessionId from, int rows);

/// Locks the user's row ($1). Whoever opens a session locks it as well: what a later command of the
/// run does to the user's sessions misses none.
extern const Statement kLockUser;
/// Removes the rows of the user ($1), as they must go before the user's.
extern const Statement kDropSessions;

/// Ends all of the user, after a command that has locked the user's row.
[[nodiscard]] Command end_as_disabled(const Database& db, const UserId& user);
/// Ends what a session that was opened earlier in the run leaves no room for; nothing if it was not
/// opened.
void add_limit(const Database& db, const OpenSession& opened, std::vector<Command>& commands);

}  // namespace userd::postgres
