#pragma once

#include "store/postgres/database.hpp"

namespace userd::postgres {

/// StoreUnavailable as well when the database takes no changes, or has a schema that this binary
/// does not work with.
[[nodiscard]] Task<void> ping(Database& db);

}  // namespace userd::postgres
