#include "store/postgres/lease.hpp"

#include <utility>

#include "store/postgres/now.hpp"

namespace userd::postgres {
namespace {

// The time is of before a wait for the row: the lease never ends later than the claim allows.
constexpr Statement kLease{"lease_outbox", USERD_POSTGRES_CLOCK R"(
    UPDATE outbox_lease l
    SET epoch = CASE WHEN l.holder = $2::text THEN l.epoch ELSE l.epoch + 1 END,
        holder = $2::text, until = now + $3::bigint
    FROM clock
    WHERE l.holder IS NULL OR l.holder = $2::text OR l.until <= now
    RETURNING l.epoch)",
                           Repeat::safe};

constexpr Statement kRelease{"release_outbox", R"(
    UPDATE outbox_lease SET holder = NULL, until = NULL WHERE epoch = $1::bigint)",
                             Repeat::safe};

constexpr Statement kRead{
    "read_lease", "SELECT epoch, coalesce(holder, ''), until FROM outbox_lease", Repeat::read};

}  // namespace

Task<std::optional<OutboxLease>> lease_outbox(Database& db, OutboxClaim claim) {
    Params params(db.now(), claim.holder, std::int64_t{claim.duration.count()});
    const Rows rows = co_await db.run(kLease, std::move(params));
    if (rows.empty()) co_return std::nullopt;
    co_return OutboxLease{rows[0].int64(0)};
}

Task<void> release_outbox(Database& db, std::int64_t epoch) {
    Params params(epoch);
    co_await db.run(kRelease, std::move(params));
}

Task<LeaseState> read_lease(Database& db) {
    Params none;
    const Rows rows = co_await db.run(kRead, std::move(none));
    co_return LeaseState{rows[0].int64(0), rows[0].text(1), rows[0].optional_time(2)};
}

}  // namespace userd::postgres
