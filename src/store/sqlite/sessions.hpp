#pragma once

#include <cstdint>
#include <vector>

#include "store/sqlite/writer.hpp"
#include "store/store.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::sqlite {

[[nodiscard]] Result<Session> open_session(Write& write, const OpenSession& request);
[[nodiscard]] Rotation rotate_session(Write& write, const Rotate& request);

[[nodiscard]] Result<ProfileRow> read_profile(Connection& db, const UserId& user,
                                              const SessionId& session, Timestamp now);
[[nodiscard]] Result<SessionInfo> read_session(Connection& db, const UserId& user,
                                               const SessionId& session, Timestamp now);
[[nodiscard]] std::vector<SessionInfo> list_sessions(Connection& db, const UserId& user,
                                                     Timestamp now);
[[nodiscard]] std::int64_t count_sessions(Connection& db, Timestamp now);

}  // namespace userd::sqlite
