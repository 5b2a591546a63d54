#include "store/postgres/outbox.hpp"

#include <algorithm>
#include <utility>

#include "store/from_row.hpp"
#include "store/postgres/lease.hpp"
#include "store/postgres/now.hpp"

namespace userd::postgres {

const Statement kLockOutboxOfUser{"lock_outbox_of_user", R"(
    SELECT o.sequence FROM events e JOIN outbox o ON o.sequence = e.sequence
    WHERE e.user_id = $1::uuid ORDER BY o.sequence FOR UPDATE OF o)",
                                  Repeat::safe};

const Statement kEraseSentStates{"erase_sent_states", R"(
    UPDATE events
    SET username = NULL, email = NULL, created_at = NULL, updated_at = NULL, disabled = NULL
    WHERE user_id = $1::uuid AND username IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = events.sequence))",
                                 Repeat::safe};

namespace {

// The events are looked up by key, however many the planner thinks that there are.
constexpr Statement kWaiting{"waiting_events", R"(
    SELECT lease.held, e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           e.username, e.email, e.created_at, e.updated_at, e.disabled,
           (SELECT before.sequence FROM events before JOIN outbox b USING (sequence)
            WHERE before.user_id = e.user_id AND before.version = e.version - 1)
    FROM (SELECT EXISTS (SELECT 1 FROM outbox_lease
                         WHERE epoch = $3::bigint AND holder IS NOT NULL) AS held) lease
    LEFT JOIN events e ON lease.held AND e.sequence = ANY (ARRAY(
        SELECT o.sequence FROM outbox o
        WHERE o.sequence > $1::bigint AND o.parked_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM outbox p
                          WHERE p.parked_at IS NOT NULL AND p.user_id = o.user_id
                            AND p.sequence < o.sequence)
        ORDER BY o.sequence LIMIT $2::int))
    ORDER BY e.sequence)",
                             Repeat::read};

constexpr Statement kListWaiting{"list_waiting", R"(
    SELECT o.parked_reason, e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           e.username, e.email, e.created_at, e.updated_at, e.disabled
    FROM outbox o JOIN events e ON e.sequence = o.sequence
    ORDER BY o.sequence DESC LIMIT $1::int)",
                                 Repeat::read};

constexpr Statement kRemove{"remove_sent",
                            "WITH " USERD_POSTGRES_LEASE_OF("outbox_lease", "$2") R"(,
    gone AS (
        DELETE FROM outbox
        WHERE sequence = ANY ($1::bigint[]) AND EXISTS (SELECT 1 FROM lease))
    SELECT EXISTS (SELECT 1 FROM lease))",
                            Repeat::safe};

// In a command of its own, whose snapshot has the deletion that the one before waited for.
constexpr Statement kEraseIfUserIsGone{"erase_if_user_is_gone", R"(
    UPDATE events
    SET username = NULL, email = NULL, created_at = NULL, updated_at = NULL, disabled = NULL
    WHERE sequence = ANY ($1::bigint[]) AND username IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = events.user_id)
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = events.sequence))",
                                       Repeat::safe};

constexpr Statement kPark{
    "park_event", USERD_POSTGRES_CLOCK ",\n    " USERD_POSTGRES_LEASE_OF("outbox_lease", "$4") R"(,
    parked AS (
        UPDATE outbox SET parked_at = now, parked_reason = $3::text
        FROM clock
        WHERE sequence = $2::bigint AND parked_at IS NULL AND EXISTS (SELECT 1 FROM lease))
    SELECT EXISTS (SELECT 1 FROM lease))",
    Repeat::safe};

// One statement, so the figures belong together.
constexpr Statement kStats{"outbox_stats", R"(
    SELECT (SELECT count(*) FROM outbox),
           (SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL),
           (SELECT e.time FROM events e WHERE e.sequence = (SELECT min(sequence) FROM outbox)),
           (SELECT coalesce(max(sequence), 0) FROM events))",
                           Repeat::read};

/// The first column of the first row: whether the epoch was the lease's.
}  // namespace

Task<std::vector<Event>> waiting_events(Database& db, std::int64_t after, int limit,
                                        std::int64_t epoch) {
    Params params(after, std::max(limit, 0), epoch);
    const Rows rows = co_await db.run(kWaiting, std::move(params));
    require_lease(rows);
    std::vector<Event> events;
    for (int i = 0; i < rows.size(); ++i) {
        if (rows[i].is_null(1)) continue;
        events.push_back(event_from(rows[i], 1));
        if (!rows[i].is_null(13)) events.back().previous = rows[i].int64(13);
    }
    co_return events;
}

Task<std::vector<Store::Waiting>> list_waiting(Database& db, int limit) {
    Params params(std::max(limit, 0));
    const Rows rows = co_await db.run(kListWaiting, std::move(params));
    std::vector<Store::Waiting> waiting;
    for (int i = rows.size() - 1; i >= 0; --i)
        waiting.push_back({event_from(rows[i], 1), rows[i].text(0)});
    co_return waiting;
}

Task<void> remove_sent(Database& db, std::vector<std::int64_t> sequences, std::int64_t epoch) {
    std::vector<Command> commands;
    commands.push_back({&kRemove, Params(sequences, epoch)});
    commands.push_back({&kEraseIfUserIsGone, Params(sequences)});
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    require_lease(results.front());
}

Task<void> park_event(Database& db, std::int64_t sequence, std::string reason, std::int64_t epoch) {
    Params params(db.now(), sequence, reason, epoch);
    const Rows rows = co_await db.run(kPark, std::move(params));
    require_lease(rows);
}

Task<OutboxStats> outbox_stats(Database& db) {
    Params none;
    const Rows rows = co_await db.run(kStats, std::move(none));
    OutboxStats stats;
    stats.waiting = rows[0].int64(0);
    stats.parked = rows[0].int64(1);
    stats.oldest = rows[0].optional_time(2);
    stats.newest = rows[0].int64(3);
    co_return stats;
}

}  // namespace userd::postgres
