#pragma once

#include <cstdint>
#include <optional>

#include "store/lease.hpp"
#include "store/postgres/database.hpp"

/// The lease on the outbox: the statements behind Store's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<std::optional<OutboxLease>> lease_outbox(Database& db, OutboxClaim claim);
[[nodiscard]] Task<void> release_outbox(Database& db, std::int64_t epoch);
[[nodiscard]] Task<LeaseState> read_lease(Database& db);

}  // namespace userd::postgres
