#include "store/sqlite/outbox.hpp"

#include <algorithm>

#include "store/from_row.hpp"

namespace userd::sqlite {
namespace {

constexpr char kInsertEvent[] = R"(
    INSERT INTO events (id, type, user_id, version, time, traceparent,
                        username, email, created_at, updated_at, disabled)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11))";

constexpr char kInsertOutbox[] = "INSERT INTO outbox (sequence, user_id) VALUES (?1, ?2)";

constexpr char kEraseSentStates[] = R"(
    UPDATE events
    SET username = NULL, email = NULL, created_at = NULL, updated_at = NULL, disabled = NULL
    WHERE user_id = ?1
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = events.sequence))";

constexpr char kRemove[] = "DELETE FROM outbox WHERE sequence BETWEEN ?1 AND ?2";

constexpr char kDeletions[] = R"(
    SELECT user_id FROM events WHERE sequence BETWEEN ?1 AND ?2 AND type = 'user_deleted')";

constexpr char kPark[] = R"(
    UPDATE outbox SET parked_at = ?2, parked_reason = ?3
    WHERE sequence = ?1 AND parked_at IS NULL)";

constexpr char kWaiting[] = R"(
    SELECT e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           e.username, e.email, e.created_at, e.updated_at, e.disabled,
           CASE WHEN e.version > 1 THEN
               (SELECT before.sequence FROM events before JOIN outbox b USING (sequence)
                WHERE before.user_id = e.user_id AND before.version = e.version - 1) END
    FROM outbox o JOIN events e ON e.sequence = o.sequence
    WHERE o.sequence > ?1 AND o.parked_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM outbox p
                      WHERE p.parked_at IS NOT NULL AND p.user_id = o.user_id
                        AND p.sequence < o.sequence)
    ORDER BY o.sequence LIMIT ?2)";

constexpr char kListWaiting[] = R"(
    SELECT e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           e.username, e.email, e.created_at, e.updated_at, e.disabled, o.parked_reason
    FROM outbox o JOIN events e ON e.sequence = o.sequence
    ORDER BY o.sequence DESC LIMIT ?1)";

// One statement, so the figures belong together.
constexpr char kStats[] = R"(
    SELECT (SELECT count(*) FROM outbox),
           (SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL),
           (SELECT e.time FROM events e WHERE e.sequence = (SELECT min(sequence) FROM outbox)),
           (SELECT coalesce(max(sequence), 0) FROM events))";

}  // namespace

void insert_event(Write& write, const Event& event) {
    const std::string_view type = stored_name(event.type);
    if (event.state) {
        const UserState& state = *event.state;
        write.db.execute(kInsertEvent, event.id, type, event.user, event.version, event.time,
                         event.traceparent, state.username, state.email, state.created_at,
                         state.updated_at, state.disabled);
    } else {
        write.db.execute(kInsertEvent, event.id, type, event.user, event.version, event.time,
                         event.traceparent, nullptr, nullptr, nullptr, nullptr, nullptr);
    }
    write.db.execute(kInsertOutbox, write.db.last_insert_id(), event.user);
    write.wrote_events = true;
}

void erase_sent_states(Write& write, UserId user) {
    write.db.execute(kEraseSentStates, user);
}

// A user's deletion is sent last: what was kept of the user until it was sent goes with it.
void remove_run(Write& write, std::int64_t first, std::int64_t last) {
    write.db.execute(kRemove, first, last);
    if (write.db.changes() == 0) return;
    std::vector<UserId> gone;
    {
        Statement row = write.db.query(kDeletions, first, last);
        while (row.step())
            gone.push_back(row.id<UserId>(0));
    }
    for (const UserId& user : gone)
        erase_sent_states(write, user);
}

void remove_sent(Write& write, std::vector<std::int64_t> sequences) {
    std::sort(sequences.begin(), sequences.end());
    for (std::size_t begin = 0; begin < sequences.size();) {
        std::size_t end = begin + 1;
        while (end < sequences.size() && sequences[end] <= sequences[end - 1] + 1)
            ++end;
        remove_run(write, sequences[begin], sequences[end - 1]);
        begin = end;
    }
}

void park_event(Write& write, std::int64_t sequence, const std::string& reason) {
    write.db.execute(kPark, sequence, write.now, reason);
}

std::vector<Event> waiting_events(Connection& db, std::int64_t after, int limit) {
    std::vector<Event> events;
    Statement row = db.query(kWaiting, after, std::max(limit, 0));
    while (row.step()) {
        events.push_back(event_from(row, 0));
        if (!row.is_null(12)) events.back().previous = row.int64(12);
    }
    return events;
}

std::vector<Store::Waiting> list_waiting(Connection& db, int limit) {
    std::vector<Store::Waiting> waiting;
    Statement row = db.query(kListWaiting, std::max(limit, 0));
    while (row.step())
        waiting.push_back({event_from(row, 0), row.text(12)});
    std::reverse(waiting.begin(), waiting.end());
    return waiting;
}

OutboxStats outbox_stats(Connection& db) {
    OutboxStats stats;
    Statement row = db.query(kStats);
    if (!row.step()) return stats;
    stats.waiting = row.int64(0);
    stats.parked = row.int64(1);
    if (!row.is_null(2)) stats.oldest = row.time(2);
    stats.newest = row.int64(3);
    return stats;
}

}  // namespace userd::sqlite
