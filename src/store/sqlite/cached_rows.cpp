#include "store/sqlite/cached_rows.hpp"

namespace userd::sqlite {

std::optional<Profile> CachedRows::find(const UserId& user, const SessionId& session,
                                        Timestamp now) {
    const auto row = sessions_.find(session);
    if (!row || row->user != user || row->expires_at <= now) return std::nullopt;
    return users_.find(user);
}

void CachedRows::forget(const ChangedRows& changed) {
    for (const SessionId& session : changed.sessions)
        sessions_.erase(session);
    for (const UserId& user : changed.users)
        users_.erase(user);
}

}  // namespace userd::sqlite
