#pragma once

#include <filesystem>

struct sqlite3;

namespace userd::sqlite {

/// Throws what `code`, just returned by a call on `db` (or null), means to callers:
/// StoreUnavailable when the database cannot serve now, std::runtime_error when the fault is a
/// statement of ours. The message is one line: the file, SQLite's words, the system's reason, what
/// to do.
[[noreturn]] void throw_error(sqlite3* db, int code, const std::filesystem::path& path);

}  // namespace userd::sqlite
