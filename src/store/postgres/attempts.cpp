#include "store/postgres/attempts.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "store/postgres/now.hpp"

namespace userd::postgres {
namespace {

// A counter that began in the future is one of a clock that was wrong, and counts as over: else it
// would hold its owner off until that time. The minute is for clocks that differ.
constexpr Statement kRead{"read_attempts", USERD_POSTGRES_CLOCK R"(
    SELECT coalesce(a.count, 0), coalesce(a.first_at, 0), coalesce(a.last_at, 0)
    FROM unnest($2::bytea[]) WITH ORDINALITY AS asked (key, place)
    LEFT JOIN attempts a ON a.key = asked.key AND a.ends_at > (SELECT now FROM clock)
                        AND a.first_at <= (SELECT now FROM clock) + 60000
    ORDER BY asked.place)",
                          Repeat::read};

// In the order of the keys, so that two calls never wait for each other.
constexpr Statement kCount{"count_attempts", USERD_POSTGRES_CLOCK R"(,
    asked AS MATERIALIZED (
        SELECT key, length, place
        FROM unnest($2::bytea[], $3::bigint[]) WITH ORDINALITY AS one (key, length, place)),
    counted AS (
        INSERT INTO attempts AS a (key, count, first_at, last_at, ends_at)
        SELECT key, count(*), now, now, now + (array_agg(length ORDER BY place))[1]
        FROM asked, clock GROUP BY key, now ORDER BY key
        ON CONFLICT (key) DO UPDATE SET
            count    = CASE WHEN a.ends_at > excluded.last_at
                             AND a.first_at <= excluded.last_at + 60000
                            THEN a.count + excluded.count ELSE excluded.count END,
            first_at = CASE WHEN a.ends_at > excluded.last_at
                             AND a.first_at <= excluded.last_at + 60000
                            THEN a.first_at ELSE excluded.first_at END,
            last_at  = excluded.last_at,
            ends_at  = CASE WHEN a.ends_at > excluded.last_at
                             AND a.first_at <= excluded.last_at + 60000
                            THEN a.ends_at ELSE excluded.ends_at END
        RETURNING key, count, first_at, last_at, ends_at)
    SELECT coalesce(c.count, 0), coalesce(c.first_at, 0), coalesce(c.last_at, 0)
    FROM asked LEFT JOIN counted c ON c.key = asked.key AND c.ends_at > (SELECT now FROM clock)
    ORDER BY asked.place)"};

constexpr Statement kClear{"clear_attempts", R"(
    WITH held AS MATERIALIZED (
        SELECT key FROM attempts WHERE key = ANY ($1::bytea[]) ORDER BY key FOR UPDATE)
    DELETE FROM attempts WHERE key = ANY (ARRAY(SELECT key FROM held)))",
                           Repeat::safe};

// By use, not by end: clients that are remembered for months would push out this hour's failures.
// Counts no further than decides. What others hold is being counted, and left to the next sweep.
constexpr Statement kSweep{"sweep_attempts", USERD_POSTGRES_CLOCK R"(,
    counters AS MATERIALIZED (
        SELECT count(*) AS there
        FROM (SELECT 1 FROM attempts LIMIT greatest($3::bigint, 0) + $2::bigint) counted),
    over AS MATERIALIZED (
        SELECT key FROM attempts WHERE ends_at <= (SELECT now FROM clock)
        ORDER BY ends_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED),
    excess AS MATERIALIZED (
        SELECT key FROM attempts WHERE ends_at > (SELECT now FROM clock)
        ORDER BY last_at
        LIMIT (SELECT greatest(least($2::bigint, there - $3::bigint)
                               - (SELECT count(*) FROM over), 0) FROM counters)
        FOR UPDATE SKIP LOCKED),
    gone AS (
        DELETE FROM attempts
        WHERE key = ANY (ARRAY(SELECT key FROM over UNION ALL SELECT key FROM excess))
        RETURNING 1)
    SELECT count(*) FROM gone)"};

std::vector<Bytes> bytes_of(const std::vector<AttemptKey>& keys) {
    std::vector<Bytes> bytes;
    bytes.reserve(keys.size());
    for (const AttemptKey& key : keys)
        bytes.push_back(Bytes{key});
    return bytes;
}

std::vector<Attempts> read_all(const Rows& rows) {
    return rows.each([](const Row& row) {
        return Attempts{row.int64(0), row.time(1), row.time(2)};
    });
}

}  // namespace

Task<std::vector<Attempts>> read_attempts(Database& db, std::vector<AttemptKey> keys) {
    Params params(db.now(), bytes_of(keys));
    const Rows rows = co_await db.run(kRead, std::move(params));
    co_return read_all(rows);
}

Task<std::vector<Attempts>> count_attempts(Database& db, std::vector<CountAttempt> attempts) {
    std::vector<Bytes> keys;
    std::vector<std::int64_t> lengths;
    for (const CountAttempt& attempt : attempts) {
        keys.push_back(Bytes{attempt.key});
        lengths.push_back(std::chrono::milliseconds(attempt.window).count());
    }
    Params params(db.now(), keys, lengths);
    const Rows rows = co_await db.run(kCount, std::move(params));
    co_return read_all(rows);
}

Task<void> clear_attempts(Database& db, std::vector<AttemptKey> keys) {
    Params params(bytes_of(keys));
    co_await db.run(kClear, std::move(params));
}

Task<int> sweep_attempts(Database& db, int rows, std::int64_t most) {
    Params params(db.now(), std::int64_t{std::max(rows, 0)}, most);
    const Rows swept = co_await db.run(kSweep, std::move(params));
    co_return static_cast<int>(swept[0].int64(0));
}

}  // namespace userd::postgres
