#pragma once

#include <cstdint>
#include <string_view>

#include "store/sqlite/writer.hpp"
#include "store/store.hpp"

/// How sessions end and their rows go: the statements behind Store's operations of the same names.
namespace userd::sqlite {

[[nodiscard]] bool end_session(Write& write, const UserId& user, const SessionId& session,
                               std::string_view reason);
/// How many were live.
std::int64_t end_sessions(Write& write, const UserId& user, std::string_view reason);
/// Ends what the session that was just opened leaves no room for.
void limit_sessions(Write& write, const OpenSession& opened);
/// Removes the rows, as a user's own must go before the user's.
void drop_sessions(Write& write, const UserId& user);
[[nodiscard]] SessionSweep sweep_sessions(Write& write, const SessionId& from, int rows);

}  // namespace userd::sqlite
