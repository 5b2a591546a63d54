#include "store/sqlite/session_ends.hpp"

#include <algorithm>

namespace userd::sqlite {
namespace {

// Logging in reads the user's rows; were all dead ones kept until they are swept, an account that
// logs in without pause would slow the writer for everyone.
constexpr int kDeadRowsKept = 50;

constexpr char kEndOne[] = R"(
    UPDATE sessions SET ended_at = ?3, ended_reason = ?4
    WHERE id = ?1 AND user_id = ?2 AND ended_at IS NULL AND expires_at > ?3)";

// Expired ones as well: a clock that is set back must not revive them.
constexpr char kEndAll[] = R"(
    UPDATE sessions SET ended_at = ?2, ended_reason = ?3 WHERE user_id = ?1 AND ended_at IS NULL
    RETURNING expires_at)";

constexpr char kEndBeyond[] = R"(
    UPDATE sessions SET ended_at = ?2, ended_reason = 'limit'
    WHERE id IN (SELECT id FROM sessions
                 WHERE user_id = ?1 AND ended_at IS NULL AND expires_at > ?2 AND id <> ?3
                 ORDER BY rotated_at DESC, id DESC LIMIT -1 OFFSET ?4))";

constexpr char kForget[] = R"(
    DELETE FROM sessions
    WHERE id IN (SELECT id FROM sessions
                 WHERE user_id = ?1 AND (ended_at IS NOT NULL OR expires_at <= ?2)
                 ORDER BY coalesce(ended_at, expires_at) DESC, id DESC LIMIT -1 OFFSET ?3))";

constexpr char kDrop[] = "DELETE FROM sessions WHERE user_id = ?1";

constexpr char kStepEnd[] = "SELECT id FROM sessions WHERE id >= ?1 ORDER BY id LIMIT 1 OFFSET ?2";
constexpr char kSweep[] = "DELETE FROM sessions WHERE id >= ?1 AND id < ?2 AND expires_at <= ?3";
constexpr char kSweepRest[] = "DELETE FROM sessions WHERE id >= ?1 AND expires_at <= ?2";

}  // namespace

bool end_session(Write& write, const UserId& user, const SessionId& session,
                 std::string_view reason) {
    write.db.execute(kEndOne, session, user, write.now, reason);
    return write.db.changes() > 0;
}

std::int64_t end_sessions(Write& write, const UserId& user, std::string_view reason) {
    std::int64_t live = 0;
    Statement row = write.db.query(kEndAll, user, write.now, reason);
    while (row.step())
        if (row.time(0) > write.now) ++live;
    return live;
}

void limit_sessions(Write& write, const OpenSession& opened) {
    const int others = std::max(opened.max_sessions, 1) - 1;
    write.db.execute(kEndBeyond, opened.user, write.now, opened.id, others);
    write.db.execute(kForget, opened.user, write.now, kDeadRowsKept);
}

void drop_sessions(Write& write, const UserId& user) {
    write.db.execute(kDrop, user);
}

SessionSweep sweep_sessions(Write& write, const SessionId& from, int rows) {
    SessionSweep sweep;
    {
        Statement row = write.db.query(kStepEnd, from, std::max(rows, 1));
        if (row.step()) sweep.next = row.id<SessionId>(0);
    }
    const Timestamp expired = write.now - kSweepDelay;
    if (sweep.next == SessionId())
        write.db.execute(kSweepRest, from, expired);
    else
        write.db.execute(kSweep, from, sweep.next, expired);
    sweep.removed = static_cast<int>(write.db.changes());
    return sweep;
}

}  // namespace userd::sqlite
