#include "store/postgres/session_ends.hpp"

#include <algorithm>
#include <utility>

#include "store/postgres/audit.hpp"
#include "store/postgres/now.hpp"

namespace userd::postgres {

const Statement kLockUser{"lock_user", "SELECT 1 FROM users WHERE id = $1::uuid FOR UPDATE",
                          Repeat::safe};
const Statement kDropSessions{"drop_sessions", "DELETE FROM sessions WHERE user_id = $1::uuid",
                              Repeat::safe};

namespace {

// Logging in reads the user's rows; were all dead ones kept until they are swept, an account that
// logs in without pause would make its own logins ever slower.
constexpr int kDeadRowsKept = 50;

#define USERD_POSTGRES_END_ONE                                     \
    " UPDATE sessions SET ended_at = now, ended_reason = $4::text" \
    " FROM clock"                                                  \
    " WHERE id = $2::uuid AND user_id = $3::uuid AND ended_at IS NULL AND expires_at > now"

// Expired ones as well: a clock that is set back must not revive them.
#define USERD_POSTGRES_END_ALL                                     \
    " UPDATE sessions SET ended_at = now, ended_reason = $3::text" \
    " FROM clock"                                                  \
    " WHERE user_id = $2::uuid AND ended_at IS NULL"

#define USERD_POSTGRES_END_BEYOND                                                           \
    " UPDATE sessions SET ended_at = now, ended_reason = 'limit'"                           \
    " FROM clock"                                                                           \
    " WHERE ended_at IS NULL AND id = ANY (ARRAY("                                          \
    " SELECT s.id FROM sessions s, clock"                                                   \
    " WHERE s.user_id = $2::uuid AND s.ended_at IS NULL AND s.expires_at > now"             \
    " AND s.id <> $3::uuid"                                                                 \
    " AND EXISTS (SELECT 1 FROM sessions o WHERE o.id = $3::uuid AND o.user_id = $2::uuid)" \
    " ORDER BY s.rotated_at DESC, s.id DESC OFFSET $4::int))"

#define USERD_POSTGRES_ENDED " RETURNING id, user_id, ended_at, ended_reason, expires_at)"
#define USERD_POSTGRES_AUDIT_ENDED \
    " INSERT INTO audit_outbox (id, type, time, user_id, session_id, reason)" \
    " SELECT " USERD_POSTGRES_AUDIT_ID_OF_END("id") ", 'session_ended', ended_at, user_id, id," \
    " ended_reason FROM ended"

constexpr Statement kEndOne{"end_session", USERD_POSTGRES_CLOCK USERD_POSTGRES_END_ONE};

constexpr Statement kEndAll{"end_sessions",
                            USERD_POSTGRES_CLOCK ", ended AS (" USERD_POSTGRES_END_ALL R"(
    RETURNING expires_at)
    SELECT count(*) FROM ended, clock WHERE expires_at > now)"};

constexpr Statement kEndBeyond{"end_sessions_beyond",
                               USERD_POSTGRES_CLOCK USERD_POSTGRES_END_BEYOND, Repeat::safe};

// The same with their audit events.

constexpr Statement kEndOneAudited{
    "end_session_audited", USERD_POSTGRES_CLOCK
    ", ended AS (" USERD_POSTGRES_END_ONE USERD_POSTGRES_ENDED USERD_POSTGRES_AUDIT_ENDED};

constexpr Statement kEndAllAudited{"end_sessions_audited", USERD_POSTGRES_CLOCK
                                   ", ended AS (" USERD_POSTGRES_END_ALL USERD_POSTGRES_ENDED
                                   ", audit AS (" USERD_POSTGRES_AUDIT_ENDED
                                   R"( WHERE expires_at > ended_at)
    SELECT count(*) FROM ended, clock WHERE expires_at > now)"};

constexpr Statement kEndAsDisabledAudited{
    "end_sessions_as_disabled_audited",
    USERD_POSTGRES_CLOCK
    ", ended AS (" USERD_POSTGRES_END_ALL USERD_POSTGRES_ENDED USERD_POSTGRES_AUDIT_ENDED
    " WHERE expires_at > ended_at",
    Repeat::safe};

constexpr Statement kEndBeyondAudited{
    "end_sessions_beyond_audited",
    USERD_POSTGRES_CLOCK
    ", ended AS (" USERD_POSTGRES_END_BEYOND USERD_POSTGRES_ENDED USERD_POSTGRES_AUDIT_ENDED,
    Repeat::safe};

constexpr Statement kEndAsDisabled{"end_sessions_as_disabled",
                                   USERD_POSTGRES_CLOCK USERD_POSTGRES_END_ALL, Repeat::safe};

constexpr Statement kForget{"forget_sessions", USERD_POSTGRES_CLOCK R"(
    DELETE FROM sessions
    WHERE id = ANY (ARRAY(
        SELECT s.id FROM sessions s, clock
        WHERE s.user_id = $2::uuid AND (s.ended_at IS NOT NULL OR s.expires_at <= now)
        ORDER BY coalesce(s.ended_at, s.expires_at) DESC, s.id DESC OFFSET $3::int)))",
                            Repeat::safe};

// Rows that others hold are left to the next walk, so a sweep waits for nobody, and nobody who
// holds one waits for the sweep in turn.
constexpr Statement kSweep{"sweep_sessions", USERD_POSTGRES_CLOCK R"(,
    step AS MATERIALIZED (
        SELECT id, expires_at FROM sessions WHERE id >= $2::uuid ORDER BY id LIMIT $3::int + 1),
    expired AS MATERIALIZED (
        SELECT id FROM sessions
        WHERE id = ANY (ARRAY(
            SELECT id FROM (SELECT id, expires_at FROM step ORDER BY id LIMIT $3::int) looked_at
            WHERE expires_at <= (SELECT now FROM clock) - $4::bigint))
        FOR UPDATE SKIP LOCKED),
    gone AS (
        DELETE FROM sessions WHERE id = ANY (ARRAY(SELECT id FROM expired)) RETURNING 1)
    SELECT (SELECT id FROM step ORDER BY id OFFSET $3::int LIMIT 1),
           (SELECT count(*) FROM gone))"};

}  // namespace

Command end_as_disabled(const Database& db, const UserId& user) {
    return {db.audits() ? &kEndAsDisabledAudited : &kEndAsDisabled,
            Params(db.now(), user, "disabled")};
}

void add_limit(const Database& db, const OpenSession& opened, std::vector<Command>& commands) {
    const int others = std::max(opened.max_sessions, 1) - 1;
    commands.push_back({db.audits() ? &kEndBeyondAudited : &kEndBeyond,
                        Params(db.now(), opened.user, opened.id, others)});
    commands.push_back({&kForget, Params(db.now(), opened.user, kDeadRowsKept)});
}

Task<bool> end_session(Database& db, UserId user, SessionId session, std::string reason) {
    Params params(db.now(), session, user, reason);
    const Rows ended = co_await db.run(db.audits() ? kEndOneAudited : kEndOne, std::move(params));
    co_return ended.affected() > 0;
}

Task<std::int64_t> end_sessions(Database& db, UserId user, std::string reason) {
    std::vector<Command> commands;
    commands.push_back({&kLockUser, Params(user)});
    commands.push_back({db.audits() ? &kEndAllAudited : &kEndAll, Params(db.now(), user, reason)});
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    co_return results.back()[0].int64(0);
}

Task<SessionSweep> sweep_sessions(Database& db, SessionId from, int rows) {
    const std::int64_t delay = std::chrono::milliseconds(kSweepDelay).count();
    Params params(db.now(), from, std::max(rows, 1), delay);
    const Rows swept = co_await db.run(kSweep, std::move(params));
    SessionSweep sweep;
    if (!swept[0].is_null(0)) sweep.next = swept[0].id<SessionId>(0);
    sweep.removed = static_cast<int>(swept[0].int64(1));
    co_return sweep;
}

}  // namespace userd::postgres
