#pragma once

#include "app/admin.hpp"
#include "app/settings.hpp"

namespace userd {

/// With SQLite: in the server that owns the database, or, when none runs, here, owning the database
/// for that while. With PostgreSQL: here, whatever replicas run. std::runtime_error and
/// StoreUnavailable with one clear line.
[[nodiscard]] AdminReply run_admin_anywhere(const Settings& settings, AdminRequest request);

}  // namespace userd
