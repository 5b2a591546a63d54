#include <algorithm>

#include "store/from_row.hpp"
#include "store/sqlite/history.hpp"
#include "store/sqlite/outbox.hpp"

namespace userd::sqlite {
namespace {

constexpr char kList[] = R"(
    SELECT e.sequence, e.id, e.type, e.user_id, e.version, e.time, e.traceparent,
           e.username, e.email, e.created_at, e.updated_at, e.disabled, o.parked_reason
    FROM outbox o JOIN events e ON e.sequence = o.sequence
    WHERE o.parked_at IS NOT NULL AND o.sequence > ?1
    ORDER BY o.sequence LIMIT ?2)";

constexpr char kFind[] = R"(
    SELECT o.sequence FROM outbox o JOIN events e ON e.sequence = o.sequence
    WHERE o.parked_at IS NOT NULL AND e.id = ?1)";

constexpr char kRetry[] = R"(
    UPDATE outbox SET parked_at = NULL, parked_reason = NULL
    WHERE sequence = ?1)";
constexpr char kRetryAll[] = R"(
    UPDATE outbox SET parked_at = NULL, parked_reason = NULL WHERE parked_at IS NOT NULL)";

std::optional<std::int64_t> find(Connection& db, EventId event) {
    Statement row = db.query(kFind, event);
    if (!row.step()) return std::nullopt;
    return row.int64(0);
}

}  // namespace

std::vector<WaitingEvent> list_parked(Connection& db, std::int64_t after, int limit) {
    std::vector<WaitingEvent> parked;
    Statement row = db.query(kList, after, std::max(limit, 0));
    while (row.step())
        parked.push_back({event_from(row, 0), row.text(12)});
    return parked;
}

std::int64_t retry_parked(Write& write, const std::optional<EventId>& event) {
    if (event) {
        const std::optional<std::int64_t> sequence = find(write.db, *event);
        if (!sequence) return 0;
        write.db.execute(kRetry, *sequence);
    } else {
        write.db.execute(kRetryAll);
    }
    const std::int64_t count = write.db.changes();
    if (count > 0) write.wrote_events = true;
    return count;
}

std::int64_t drop_parked(Write& write, EventId event) {
    const std::optional<std::int64_t> sequence = find(write.db, event);
    if (!sequence) return 0;
    remove_sent(write, {*sequence});
    write.wrote_events = true;
    return 1;
}

}  // namespace userd::sqlite
