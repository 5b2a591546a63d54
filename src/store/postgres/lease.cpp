#include "store/postgres/lease.hpp"

#include <utility>

#include "store/postgres/now.hpp"

namespace userd::postgres {
namespace {

constexpr Statement kLease{"lease_outbox", USERD_POSTGRES_TAKE_LEASE("outbox_lease"), Repeat::safe};
constexpr Statement kRelease{"release_outbox", USERD_POSTGRES_RELEASE_LEASE("outbox_lease"),
                             Repeat::safe};
constexpr Statement kRead{
    "read_lease", "SELECT epoch, coalesce(holder, ''), until FROM outbox_lease", Repeat::read};

}  // namespace

Task<std::optional<OutboxLease>> take_lease(Database& db, const Statement& statement,
                                            OutboxClaim claim) {
    Params params(db.now(), claim.holder, std::int64_t{claim.duration.count()});
    const Rows rows = co_await db.run(statement, std::move(params));
    if (rows.empty()) co_return std::nullopt;
    co_return OutboxLease{rows[0].int64(0)};
}

Task<void> release_lease(Database& db, const Statement& statement, std::int64_t epoch) {
    Params params(epoch);
    co_await db.run(statement, std::move(params));
}

void require_lease(const Rows& rows) {
    if (!rows[0].boolean(0)) throw LeaseLost();
}

Task<std::optional<OutboxLease>> lease_outbox(Database& db, OutboxClaim claim) {
    return take_lease(db, kLease, std::move(claim));
}

Task<void> release_outbox(Database& db, std::int64_t epoch) {
    return release_lease(db, kRelease, epoch);
}

Task<LeaseState> read_lease(Database& db) {
    Params none;
    const Rows rows = co_await db.run(kRead, std::move(none));
    co_return LeaseState{rows[0].int64(0), rows[0].text(1), rows[0].optional_time(2)};
}

}  // namespace userd::postgres
