#pragma once

#include <cstdint>
#include <optional>

#include "store/lease.hpp"
#include "store/postgres/database.hpp"
#include "store/postgres/now.hpp"

/// Leases on outboxes, each a row in a table of its own.
namespace userd::postgres {

/// Takes the lease or renews it. The time is of before a wait for the row: the lease never ends
/// later than the claim allows.
#define USERD_POSTGRES_TAKE_LEASE(table)                                          \
    USERD_POSTGRES_CLOCK                                                          \
    " UPDATE " table                                                              \
    " l SET"                                                                      \
    " epoch = CASE WHEN l.holder = $2::text THEN l.epoch ELSE l.epoch + 1 END,"   \
    " holder = $2::text, until = now + $3::bigint"                                \
    " FROM clock WHERE l.holder IS NULL OR l.holder = $2::text OR l.until <= now" \
    " RETURNING l.epoch"

#define USERD_POSTGRES_RELEASE_LEASE(table) \
    "UPDATE " table " SET holder = NULL, until = NULL WHERE epoch = $1::bigint"

/// A part of a WITH clause: one row `lease` while the epoch is the holder's. The row's lock keeps
/// the lease from changing hands before the commit.
#define USERD_POSTGRES_LEASE_OF(table, epoch)                             \
    "lease AS MATERIALIZED (SELECT 1 FROM " table " WHERE epoch = " epoch \
    "::bigint AND holder IS NOT NULL FOR SHARE)"

[[nodiscard]] Task<std::optional<OutboxLease>> take_lease(Database& db, const Statement& statement,
                                                          OutboxClaim claim);
[[nodiscard]] Task<void> release_lease(Database& db, const Statement& statement,
                                       std::int64_t epoch);
/// LeaseLost unless the first column of the first row says that the lease is held.
void require_lease(const Rows& rows);

/// The lease on the users' events: the statements behind Store's operations of the same names.

[[nodiscard]] Task<std::optional<OutboxLease>> lease_outbox(Database& db, OutboxClaim claim);
[[nodiscard]] Task<void> release_outbox(Database& db, std::int64_t epoch);
[[nodiscard]] Task<LeaseState> read_lease(Database& db);

}  // namespace userd::postgres
