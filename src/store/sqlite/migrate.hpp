#pragma once

#include <filesystem>
#include <memory>

#include "base/embedded.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace userd::migrations::sqlite {

/// The scripts of migrations/sqlite in order; the first is of schema version 1, and so on.
[[nodiscard]] const std::vector<EmbeddedFile>& files();

}  // namespace userd::migrations::sqlite

namespace userd::sqlite {

struct Opened {
    std::unique_ptr<Connection> writer;
    MigrationResult migration;
};

/// Opens the database for its only writer, makes it if there is none (mode 0600), and applies what
/// migrations are missing, each in a transaction. The caller holds its FileLock; `path` is
/// resolve()d. std::runtime_error with one line as in make_sqlite_store.
[[nodiscard]] Opened open_writer(const std::filesystem::path& path);

}  // namespace userd::sqlite
