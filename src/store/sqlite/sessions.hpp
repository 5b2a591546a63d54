#pragma once

#include <string_view>

#include "store/sqlite/writer.hpp"
#include "store/store.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::sqlite {

[[nodiscard]] Result<Session> open_session(Write& write, const OpenSession& request);
[[nodiscard]] Rotation rotate_session(Write& write, const Rotate& request);
void end_sessions(Write& write, UserId user, std::string_view reason);
/// Removes the rows, as a user's own must go before the user's.
void drop_sessions(Write& write, UserId user);

[[nodiscard]] Result<Profile> read_profile(Connection& db, const UserId& user,
                                           const SessionId& session, Timestamp now);
[[nodiscard]] std::int64_t count_sessions(Connection& db, Timestamp now);

}  // namespace userd::sqlite
