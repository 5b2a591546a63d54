#include "store/sqlite/attempts.hpp"

#include <algorithm>

namespace userd::sqlite {
namespace {

// A counter that began in the future is one of a clock that was wrong, and counts as over: else it
// would hold its owner off until that time. The minute is for clocks that differ.
constexpr char kRead[] = R"(
    SELECT count, first_at, last_at FROM attempts
    WHERE key = ?1 AND ends_at > ?2 AND first_at <= ?2 + 60000)";

constexpr char kCount[] = R"(
    INSERT INTO attempts (key, count, first_at, last_at, ends_at) VALUES (?1, 1, ?2, ?2, ?3)
    ON CONFLICT (key) DO UPDATE SET
        count    = CASE WHEN ends_at > ?2 AND first_at <= ?2 + 60000 THEN count + 1 ELSE 1 END,
        first_at = CASE WHEN ends_at > ?2 AND first_at <= ?2 + 60000 THEN first_at ELSE ?2 END,
        last_at  = ?2,
        ends_at  = CASE WHEN ends_at > ?2 AND first_at <= ?2 + 60000 THEN ends_at ELSE ?3 END)";

constexpr char kClear[] = "DELETE FROM attempts WHERE key = ?1";

constexpr char kCounters[] = "SELECT count(*) FROM attempts";

constexpr char kSweepOver[] = R"(
    DELETE FROM attempts
    WHERE key IN (SELECT key FROM attempts WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2))";

// By use, not by end: clients that are remembered for months would push out this hour's failures.
constexpr char kSweepExcess[] = R"(
    DELETE FROM attempts WHERE key IN (SELECT key FROM attempts ORDER BY last_at LIMIT ?1))";

Attempts read_one(Connection& db, const AttemptKey& key, Timestamp now) {
    Statement row = db.query(kRead, Blob{key}, now);
    if (!row.step()) return {};
    return Attempts{row.int64(0), row.time(1), row.time(2)};
}

}  // namespace

std::vector<Attempts> read_attempts(Connection& db, const std::vector<AttemptKey>& keys,
                                    Timestamp now) {
    std::vector<Attempts> counters;
    counters.reserve(keys.size());
    for (const AttemptKey& key : keys)
        counters.push_back(read_one(db, key, now));
    return counters;
}

std::vector<Attempts> count_attempts(Write& write, const std::vector<CountAttempt>& attempts) {
    for (const CountAttempt& attempt : attempts)
        write.db.execute(kCount, Blob{attempt.key}, write.now,
                         Timestamp{write.now + attempt.window});
    std::vector<Attempts> counters;
    counters.reserve(attempts.size());
    for (const CountAttempt& attempt : attempts)
        counters.push_back(read_one(write.db, attempt.key, write.now));
    return counters;
}

void clear_attempts(Write& write, const std::vector<AttemptKey>& keys) {
    for (const AttemptKey& key : keys)
        write.db.execute(kClear, Blob{key});
}

std::int64_t count_counters(Connection& db) {
    Statement row = db.query(kCounters);
    return row.step() ? row.int64(0) : 0;
}

int sweep_attempts(Write& write, int rows, std::int64_t excess) {
    const std::int64_t most = std::max(rows, 0);
    write.db.execute(kSweepOver, write.now, most);
    const std::int64_t over = write.db.changes();
    const std::int64_t more = std::min(most, excess) - over;
    if (more <= 0) return static_cast<int>(over);
    write.db.execute(kSweepExcess, more);
    return static_cast<int>(over + write.db.changes());
}

}  // namespace userd::sqlite
