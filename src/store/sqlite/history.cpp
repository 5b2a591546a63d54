#include "store/sqlite/history.hpp"

#include <algorithm>

#include "store/from_row.hpp"
#include "store/sqlite/outbox.hpp"

namespace userd::sqlite {
namespace {

constexpr char kStep[] = R"(
    SELECT sequence, time FROM events WHERE sequence > ?1 ORDER BY sequence LIMIT ?2)";

constexpr char kSweep[] = R"(
    DELETE FROM events
    WHERE sequence = ?1 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = ?1))";

constexpr char kMarks[] = R"(
    SELECT sequence, user_id, time FROM events
    WHERE sequence > ?1 AND sequence <= ?2 AND (type = 'user_deleted' OR username IS NOT NULL)
    ORDER BY sequence LIMIT ?3)";

#define USERD_SQLITE_NEWEST                                                                    \
    "SELECT coalesce(e.sequence, 0), u.last_event_id, u.last_event_type, u.id, u.version, "    \
    "u.last_event_time, coalesce(e.traceparent, ''), u.username, u.email, u.created_at, "      \
    "u.updated_at, u.disabled, EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = e.sequence) " \
    "FROM users u LEFT JOIN events e ON e.user_id = u.id AND e.version = u.version "

constexpr char kNewest[] = USERD_SQLITE_NEWEST "WHERE u.id > ?1 ORDER BY u.id LIMIT ?2";

constexpr char kNewestOf[] = USERD_SQLITE_NEWEST R"(WHERE u.id = ?1
    UNION ALL
    SELECT e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           NULL, NULL, NULL, NULL, NULL,
           EXISTS (SELECT 1 FROM outbox o WHERE o.sequence = e.sequence)
    FROM events e WHERE e.user_id = ?1 AND e.type = 'user_deleted')";

// An earlier event may have the later time, after a clock that was set back.
constexpr char kRebuildNewest[] = R"(
    INSERT INTO events (id, type, user_id, version, time, traceparent,
                        username, email, created_at, updated_at, disabled)
    SELECT last_event_id, last_event_type, id, version, last_event_time, '',
           username, email, created_at, updated_at, disabled
    FROM users u
    WHERE id = ?1
      AND (last_event_time >= ?2
           OR EXISTS (SELECT 1 FROM events e WHERE e.user_id = u.id AND e.time >= ?2))
      AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = u.id AND e.version = u.version))";

constexpr char kFirstVersion[] = R"(
    SELECT CASE WHEN ?3 THEN max(version) ELSE min(version) END FROM events
    WHERE user_id = ?1 AND time >= ?2 AND (type = 'user_deleted' OR username IS NOT NULL))";

constexpr char kTail[] = R"(
    SELECT e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           e.username, e.email, e.created_at, e.updated_at, e.disabled,
           o.parked_at, o.parked_reason
    FROM events e LEFT JOIN outbox o ON o.sequence = e.sequence
    WHERE e.user_id = ?1 AND e.version >= ?2
      AND (e.type = 'user_deleted' OR e.username IS NOT NULL)
    ORDER BY e.version)";

constexpr char kUnqueue[] = "DELETE FROM outbox WHERE sequence = ?1";
constexpr char kForget[] = "DELETE FROM events WHERE sequence = ?1";
constexpr char kParkAgain[] = R"(
    UPDATE outbox SET parked_at = ?2, parked_reason = ?3
    WHERE sequence = (SELECT sequence FROM events WHERE user_id = ?1 AND version = ?4))";

struct TailEvent {
    Event event;
    std::optional<Timestamp> parked_at;
    std::string parked_reason;
};

NewestEvent read_newest(const Statement& row) {
    return {event_from(row, 0), row.boolean(12)};
}

std::optional<std::int64_t> first_version(Connection& db, UserId user, const ResendRange& range) {
    Statement row = db.query(kFirstVersion, user, range.since, range.newest_only);
    if (!row.step() || row.is_null(0)) return std::nullopt;
    return row.int64(0);
}

std::vector<TailEvent> tail(Connection& db, UserId user, std::int64_t version) {
    std::vector<TailEvent> tail;
    Statement row = db.query(kTail, user, version);
    while (row.step()) {
        tail.push_back({event_from(row, 0), std::nullopt, row.text(13)});
        if (!row.is_null(12)) tail.back().parked_at = row.time(12);
    }
    return tail;
}

/// To the end of the order. Written anew, since only an insertion takes a number for good.
void move_to_end(Write& write, const TailEvent& moved) {
    const Event& event = moved.event;
    write.db.execute(kUnqueue, event.sequence);
    write.db.execute(kForget, event.sequence);
    insert_event(write, event);
    if (moved.parked_at)
        write.db.execute(kParkAgain, event.user, *moved.parked_at, moved.parked_reason,
                         event.version);
}

}  // namespace

EventSweep sweep_events(Write& write, std::int64_t after, int rows, std::chrono::milliseconds age) {
    const Timestamp limit = write.now - age;
    std::vector<std::int64_t> old;
    EventSweep sweep;
    int looked_at = 0;
    {
        Statement row = write.db.query(kStep, after, std::max(rows, 1));
        for (; row.step(); ++looked_at) {
            sweep.next = row.int64(0);
            if (row.time(1) <= limit) old.push_back(sweep.next);
        }
    }
    for (const std::int64_t sequence : old) {
        write.db.execute(kSweep, sequence);
        sweep.removed += static_cast<int>(write.db.changes());
    }
    if (old.empty() || looked_at < rows) sweep.next = 0;
    return sweep;
}

std::vector<EventMark> list_events(Connection& db, std::int64_t after, std::int64_t until,
                                   int limit) {
    std::vector<EventMark> marks;
    Statement row = db.query(kMarks, after, until, std::max(limit, 0));
    while (row.step())
        marks.push_back({row.int64(0), row.id<UserId>(1), row.time(2)});
    return marks;
}

std::vector<NewestEvent> newest_events(Connection& db, UserId after, int limit) {
    std::vector<NewestEvent> events;
    Statement row = db.query(kNewest, after, std::max(limit, 0));
    while (row.step())
        events.push_back(read_newest(row));
    return events;
}

std::vector<NewestEvent> newest_events_of(Connection& db, const std::vector<UserId>& users) {
    std::vector<NewestEvent> events;
    for (const UserId& user : users) {
        Statement row = db.query(kNewestOf, user);
        while (row.step())
            events.push_back(read_newest(row));
    }
    return events;
}

std::int64_t resend_events(Write& write, const std::vector<UserId>& users,
                           const ResendRange& range) {
    std::int64_t count = 0;
    for (const UserId& user : users) {
        write.db.execute(kRebuildNewest, user, range.since);
        const std::optional<std::int64_t> first = first_version(write.db, user, range);
        if (!first) continue;
        for (const TailEvent& event : tail(write.db, user, *first)) {
            move_to_end(write, event);
            ++count;
        }
    }
    return count;
}

}  // namespace userd::sqlite
