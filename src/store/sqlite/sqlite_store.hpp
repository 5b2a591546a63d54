#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "store/migration.hpp"
#include "store/store.hpp"

namespace userd {

struct SqliteSettings {
    std::filesystem::path path;
    std::size_t readers = 1;   ///< event loops; reads use the connection of current_loop()
    std::size_t queue = 4096;  ///< writes that may wait; more are StoreUnavailable
    Clock clock = system_now;
    bool audit = false;  ///< whether operations write to the audit log
};

/// Opens the database, applies what migrations are missing, and owns the file until destroyed:
/// std::runtime_error with one clear line when another process owns it, the schema is newer than
/// this binary knows, or the file is no database.
[[nodiscard]] std::unique_ptr<Store> make_sqlite_store(SqliteSettings settings);

/// Whether a process owns the database now (the lock file beside it).
[[nodiscard]] bool is_sqlite_owned(const std::filesystem::path& path);

/// What `userd migrate` does. The same errors as make_sqlite_store.
MigrationResult migrate_sqlite(const std::filesystem::path& path);

}  // namespace userd
