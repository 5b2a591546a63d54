#pragma once

#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "base/shared_cache.hpp"
#include "store/store.hpp"

namespace userd::sqlite {

/// A profile as its rows had it, and how long the session's row says it lives.
struct ProfileRow {
    Profile profile;
    Timestamp session_expires_at;
};

/// Rows that a transaction has changed or removed.
struct ChangedRows {
    std::vector<SessionId> sessions;
    std::vector<UserId> users;
};

/// Sessions and users that were read lately, so that a profile costs no statement. Only this
/// process writes to the database (sqlite/lock.hpp), and the writer forgets what it has changed
/// after the commit and before it answers: a session that was ended, or a user that was disabled,
/// is not found here once its caller knows. Holds live sessions of enabled users only.
/// Thread-safe.
class CachedRows {
  public:
    [[nodiscard]] std::optional<Profile> find(const UserId& user, const SessionId& session,
                                              Timestamp now);

    /// `read()` gives a Result<ProfileRow>, which is kept if nothing changed it meanwhile.
    template <class Read>
    Result<Profile> read_and_keep(const UserId& user, const SessionId& session, const Read& read) {
        const auto session_ticket = sessions_.ticket(session);
        const auto user_ticket = users_.ticket(user);
        Result<ProfileRow> row = read();
        if (!row) return row.error();
        sessions_.put(session, {user, row->session_expires_at}, session_ticket);
        users_.put(user, row->profile, user_ticket);
        return std::move(row->profile);
    }

    void forget(const ChangedRows& changed);

  private:
    struct SessionRow {
        UserId user;
        Timestamp expires_at;
    };

    // 65,536 of each take some 20 MiB when all are in use.
    static constexpr std::size_t kMost = 65'536;
    SharedCache<SessionId, SessionRow, IdHash> sessions_{kMost};
    SharedCache<UserId, Profile, IdHash> users_{kMost};
};

}  // namespace userd::sqlite
