#include "store/sqlite/session_ends.hpp"

#include <algorithm>

#include "store/sqlite/audit.hpp"

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
    RETURNING expires_at, id)";

constexpr char kEndBeyond[] = R"(
    UPDATE sessions SET ended_at = ?2, ended_reason = 'limit'
    WHERE id IN (SELECT id FROM sessions
                 WHERE user_id = ?1 AND ended_at IS NULL AND expires_at > ?2 AND id <> ?3
                 ORDER BY rotated_at DESC, id DESC LIMIT -1 OFFSET ?4)
    RETURNING id)";

constexpr char kForget[] = R"(
    DELETE FROM sessions
    WHERE id IN (SELECT id FROM sessions
                 WHERE user_id = ?1 AND (ended_at IS NOT NULL OR expires_at <= ?2)
                 ORDER BY coalesce(ended_at, expires_at) DESC, id DESC LIMIT -1 OFFSET ?3)
    RETURNING id)";

constexpr char kDrop[] = "DELETE FROM sessions WHERE user_id = ?1 RETURNING id";

constexpr char kStepEnd[] = "SELECT id FROM sessions WHERE id >= ?1 ORDER BY id LIMIT 1 OFFSET ?2";
constexpr char kSweep[] =
    "DELETE FROM sessions WHERE id >= ?1 AND id < ?2 AND expires_at <= ?3 RETURNING id";
constexpr char kSweepRest[] =
    "DELETE FROM sessions WHERE id >= ?1 AND expires_at <= ?2 RETURNING id";

/// `row` gives the ids of sessions that it removes. How many those are. Expired ones too: a clock
/// that is set back must not revive them from memory.
int note_removed(Write& write, Statement row) {
    int removed = 0;
    for (; row.step(); ++removed)
        write.changed.sessions.push_back(row.id<SessionId>(0));
    return removed;
}

void audit_end(Write& write, const UserId& user, const SessionId& session,
               std::string_view reason) {
    AuditEvent event;
    event.type = AuditType::session_ended;
    event.user = user;
    event.session = session;
    event.reason = reason;
    audit(write, std::move(event));
}

}  // namespace

bool end_session(Write& write, const UserId& user, const SessionId& session,
                 std::string_view reason) {
    write.db.execute(kEndOne, session, user, write.now, reason);
    if (write.db.changes() == 0) return false;
    write.changed.sessions.push_back(session);
    audit_end(write, user, session, reason);
    return true;
}

std::int64_t end_sessions(Write& write, const UserId& user, std::string_view reason) {
    std::vector<SessionId> live;
    {
        Statement row = write.db.query(kEndAll, user, write.now, reason);
        while (row.step()) {
            write.changed.sessions.push_back(row.id<SessionId>(1));
            if (row.time(0) > write.now) live.push_back(row.id<SessionId>(1));
        }
    }
    for (const SessionId& session : live)
        audit_end(write, user, session, reason);
    return static_cast<std::int64_t>(live.size());
}

void limit_sessions(Write& write, const OpenSession& opened) {
    const int others = std::max(opened.max_sessions, 1) - 1;
    std::vector<SessionId> ended;
    {
        Statement row = write.db.query(kEndBeyond, opened.user, write.now, opened.id, others);
        while (row.step())
            ended.push_back(row.id<SessionId>(0));
    }
    for (const SessionId& session : ended) {
        write.changed.sessions.push_back(session);
        audit_end(write, opened.user, session, "limit");
    }
    note_removed(write, write.db.query(kForget, opened.user, write.now, kDeadRowsKept));
}

void drop_sessions(Write& write, const UserId& user) {
    note_removed(write, write.db.query(kDrop, user));
}

SessionSweep sweep_sessions(Write& write, const SessionId& from, int rows) {
    SessionSweep sweep;
    {
        Statement row = write.db.query(kStepEnd, from, std::max(rows, 1));
        if (row.step()) sweep.next = row.id<SessionId>(0);
    }
    const Timestamp expired = write.now - kSweepDelay;
    if (sweep.next == SessionId())
        sweep.removed = note_removed(write, write.db.query(kSweepRest, from, expired));
    else
        sweep.removed = note_removed(write, write.db.query(kSweep, from, sweep.next, expired));
    return sweep;
}

}  // namespace userd::sqlite
