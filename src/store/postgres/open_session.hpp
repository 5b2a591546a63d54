#pragma once

#include "store/postgres/database.hpp"
#include "store/store.hpp"

namespace userd::postgres {

/// The statements behind Store's operation of the same name.
[[nodiscard]] Task<Result<Session>> open_session(Database& db, OpenSession request);

}  // namespace userd::postgres
