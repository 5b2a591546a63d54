#include <algorithm>
#include <utility>

#include "store/from_row.hpp"
#include "store/postgres/history.hpp"
#include "store/postgres/outbox.hpp"

namespace userd::postgres {
namespace {

constexpr Statement kList{"list_parked", R"(
    SELECT o.parked_reason, e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           e.username, e.email, e.created_at, e.updated_at, e.disabled
    FROM outbox o JOIN events e ON e.sequence = o.sequence
    WHERE o.parked_at IS NOT NULL AND o.sequence > $1::bigint
    ORDER BY o.sequence LIMIT $2::int)",
                          Repeat::read};

constexpr Statement kRetry{"retry_parked", R"(
    UPDATE outbox o SET parked_at = NULL, parked_reason = NULL
    FROM events e
    WHERE o.parked_at IS NOT NULL AND e.sequence = o.sequence
      AND e.id = coalesce($1::uuid, e.id))"};

// Before a command of its own: whoever deletes the user meanwhile has these locks, and the next
// command's snapshot then has the deletion.
constexpr Statement kLock{"lock_parked", R"(
    SELECT 1 FROM outbox o JOIN events e ON e.sequence = o.sequence
    WHERE o.parked_at IS NOT NULL AND e.id = $1::uuid FOR UPDATE OF o)",
                          Repeat::safe};

// The state of an event that nobody will send goes with its user, as that of a sent one.
constexpr Statement kDrop{"drop_parked", R"(
    WITH gone AS (
        DELETE FROM outbox o USING events e
        WHERE o.parked_at IS NOT NULL AND e.sequence = o.sequence AND e.id = $1::uuid
        RETURNING o.sequence),
    erased AS (
        UPDATE events
        SET username = NULL, email = NULL, created_at = NULL, updated_at = NULL, disabled = NULL
        FROM gone
        WHERE events.sequence = gone.sequence
          AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = events.user_id))
    SELECT count(*) FROM gone)"};

}  // namespace

Task<std::vector<WaitingEvent>> list_parked(Database& db, std::int64_t after, int limit) {
    Params params(after, std::max(limit, 0));
    const Rows rows = co_await db.run(kList, std::move(params));
    co_return rows.each([](const Row& row) {
        return WaitingEvent{event_from(row, 1), row.text(0)};
    });
}

Task<std::int64_t> retry_parked(Database& db, std::optional<EventId> event) {
    Params params(event);
    const Rows rows = co_await db.run(kRetry, std::move(params));
    co_return rows.affected();
}

Task<std::int64_t> drop_parked(Database& db, EventId event) {
    std::vector<Command> commands;
    commands.push_back({&kLock, Params(event)});
    commands.push_back({&kDrop, Params(event)});
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    co_return results.back()[0].int64(0);
}

}  // namespace userd::postgres
