#include "store/postgres/history.hpp"

#include <algorithm>
#include <utility>

#include "store/from_row.hpp"
#include "store/postgres/now.hpp"
#include "store/postgres/outbox.hpp"

namespace userd::postgres {
namespace {

// What another holds or moves is left to the next walk: one that is sent again has another sequence
// once its lock is free.
constexpr Statement kSweep{"sweep_events", USERD_POSTGRES_CLOCK R"(,
    step AS MATERIALIZED (
        SELECT sequence, time <= now - $4::bigint AS is_old
        FROM (SELECT sequence, time FROM events WHERE sequence > $2::bigint
              ORDER BY sequence LIMIT $3::int) looked_at, clock),
    old AS MATERIALIZED (
        SELECT sequence FROM events e
        WHERE sequence = ANY (ARRAY(SELECT sequence FROM step WHERE is_old))
          AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = e.sequence)
        FOR UPDATE SKIP LOCKED),
    gone AS (
        DELETE FROM events WHERE sequence = ANY (ARRAY(SELECT sequence FROM old)) RETURNING 1)
    SELECT CASE WHEN count(*) = $3::int AND bool_or(is_old) THEN max(sequence) ELSE 0 END,
           (SELECT count(*) FROM gone)
    FROM step)"};

constexpr Statement kMarks{"list_events", R"(
    SELECT sequence, user_id, time FROM events
    WHERE sequence > $1::bigint AND sequence <= $2::bigint
      AND (type = 'user_deleted' OR username IS NOT NULL)
    ORDER BY sequence LIMIT $3::int)",
                           Repeat::read};

#define USERD_POSTGRES_NEWEST                                                             \
    "SELECT EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = e.sequence), "              \
    "coalesce(e.sequence, 0), u.last_event_id, u.last_event_type, u.id, u.version, "      \
    "u.last_event_time, coalesce(e.traceparent, ''), u.username, u.email, u.created_at, " \
    "u.updated_at, u.disabled FROM users u LEFT JOIN events e ON e.user_id = u.id AND "   \
    "e.version = u.version "

constexpr Statement kNewest{
    "newest_events", USERD_POSTGRES_NEWEST "WHERE u.id > $1::uuid ORDER BY u.id LIMIT $2::int",
    Repeat::read};

constexpr Statement kNewestOf{"newest_events_of",
                              USERD_POSTGRES_NEWEST R"(WHERE u.id = ANY ($1::text[]::uuid[])
    UNION ALL
    SELECT EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = e.sequence),
           e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           NULL, NULL, NULL, NULL, NULL
    FROM events e WHERE e.user_id = ANY ($1::text[]::uuid[]) AND e.type = 'user_deleted'
    ORDER BY 5)",
                              Repeat::read};

// In this order, as everywhere: the user's row, then the outbox, then the events.
constexpr Statement kLockUsers{"lock_users", R"(
    SELECT 1 FROM users WHERE id = ANY ($1::text[]::uuid[]) ORDER BY id FOR NO KEY UPDATE)",
                               Repeat::safe};
constexpr Statement kLockOutbox{"lock_outbox_of_users", R"(
    SELECT 1 FROM events e JOIN outbox o ON o.sequence = e.sequence
    WHERE e.user_id = ANY ($1::text[]::uuid[]) ORDER BY o.sequence FOR UPDATE OF o)",
                                Repeat::safe};
constexpr Statement kLockEvents{"lock_events_of_users", R"(
    SELECT 1 FROM events WHERE user_id = ANY ($1::text[]::uuid[]) ORDER BY sequence FOR UPDATE)",
                                Repeat::safe};

// An earlier event may have the later time, after a clock that was set back.
constexpr Statement kRebuildNewest{"rebuild_newest_events", R"(
    INSERT INTO events (id, type, user_id, version, time, traceparent,
                        username, email, created_at, updated_at, disabled)
    SELECT last_event_id, last_event_type, id, version, last_event_time, '',
           username, email, created_at, updated_at, disabled
    FROM users u
    WHERE id = ANY ($1::text[]::uuid[])
      AND (last_event_time >= $2::bigint
           OR EXISTS (SELECT 1 FROM events e WHERE e.user_id = u.id AND e.time >= $2::bigint))
      AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = u.id AND e.version = u.version))",
                                   Repeat::safe};

// The numbers are drawn in the order of the inner query. The references of the outbox are checked
// when the statement is done, and then agree again.
// Run once more it moves the same events to the same order, of which consumers see a duplicate at
// most.
constexpr Statement kMove{"resend_events", R"(
    WITH firsts AS MATERIALIZED (
        SELECT user_id, CASE WHEN $3::boolean THEN max(version) ELSE min(version) END AS version
        FROM events
        WHERE user_id = ANY ($1::text[]::uuid[]) AND time >= $2::bigint
          AND (type = 'user_deleted' OR username IS NOT NULL)
        GROUP BY user_id),
    moves AS MATERIALIZED (
        SELECT before, user_id,
               nextval(pg_get_serial_sequence('events', 'sequence')::regclass) AS after
        FROM (SELECT e.sequence AS before, e.user_id
              FROM events e JOIN firsts f ON f.user_id = e.user_id AND e.version >= f.version
              WHERE e.type = 'user_deleted' OR e.username IS NOT NULL
              ORDER BY e.user_id, e.version OFFSET 0) ordered),
    moved AS (
        UPDATE events SET sequence = m.after FROM moves m WHERE sequence = m.before),
    requeued AS (
        UPDATE outbox SET sequence = m.after FROM moves m WHERE sequence = m.before),
    queued AS (
        INSERT INTO outbox (sequence, user_id)
        SELECT m.after, m.user_id FROM moves m
        WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = m.before))
    SELECT count(*) FROM moves)",
                          Repeat::safe};

NewestEvent read_newest(const Row& row) {
    return {event_from(row, 1), row.boolean(0)};
}

std::vector<std::string> texts(const std::vector<UserId>& users) {
    std::vector<std::string> texts;
    texts.reserve(users.size());
    for (const UserId& user : users)
        texts.push_back(user.to_string());
    return texts;
}

Task<std::vector<NewestEvent>> run_newest(Database& db, const Statement& statement, Params params) {
    const Rows rows = co_await db.run(statement, std::move(params));
    co_return rows.each(read_newest);
}

}  // namespace

Task<EventSweep> sweep_events(Database& db, std::int64_t after, int rows,
                              std::chrono::milliseconds age) {
    Params params(db.now(), after, std::max(rows, 1), std::int64_t{age.count()});
    const Rows swept = co_await db.run(kSweep, std::move(params));
    co_return EventSweep{swept[0].int64(0), static_cast<int>(swept[0].int64(1))};
}

Task<std::vector<EventMark>> list_events(Database& db, std::int64_t after, std::int64_t until,
                                         int limit) {
    Params params(after, until, std::max(limit, 0));
    const Rows rows = co_await db.run(kMarks, std::move(params));
    co_return rows.each([](const Row& row) {
        return EventMark{row.int64(0), row.id<UserId>(1), row.time(2)};
    });
}

Task<std::vector<NewestEvent>> newest_events(Database& db, UserId after, int limit) {
    return run_newest(db, kNewest, Params(after, std::max(limit, 0)));
}

Task<std::vector<NewestEvent>> newest_events_of(Database& db, std::vector<UserId> users) {
    return run_newest(db, kNewestOf, Params(texts(users)));
}

Task<std::int64_t> resend_events(Database& db, std::vector<UserId> users, ResendRange range) {
    const std::vector<std::string> ids = texts(users);
    std::vector<Command> commands;
    commands.push_back({&kLockUsers, Params(ids)});
    commands.push_back({&kLockOutbox, Params(ids)});
    commands.push_back({&kLockEvents, Params(ids)});
    commands.push_back({&kRebuildNewest, Params(ids, range.since)});
    commands.push_back({&kMove, Params(ids, range.since, range.newest_only)});
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    co_return results.back()[0].int64(0);
}

}  // namespace userd::postgres
