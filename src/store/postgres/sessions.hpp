#pragma once

#include <cstdint>
#include <vector>

#include "store/postgres/database.hpp"
#include "store/store.hpp"

/// Sessions: the statements behind Store's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<Rotation> rotate_session(Database& db, Rotate request);
[[nodiscard]] Task<Result<Profile>> read_profile(Database& db, UserId user, SessionId session);
[[nodiscard]] Task<Result<SessionInfo>> read_session(Database& db, UserId user, SessionId session);
[[nodiscard]] Task<std::vector<SessionInfo>> list_sessions(Database& db, UserId user);
[[nodiscard]] Task<std::int64_t> count_sessions(Database& db);

}  // namespace userd::postgres
