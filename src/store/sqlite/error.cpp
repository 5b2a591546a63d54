#include "store/sqlite/error.hpp"

#include <sqlite3.h>

#include <string>
#include <system_error>

#include "base/errc.hpp"

namespace userd::sqlite {
namespace {

const char* advice(int primary) {
    switch (primary) {
        case SQLITE_FULL:
            return "free space on its disk; writing goes on by itself";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another program holds a lock on it; end that program";
        case SQLITE_CORRUPT:
            return "the file is damaged; restore it from a backup";
        case SQLITE_NOTADB:
            return "the file is no SQLite database; check DATABASE_URL, or restore it from a "
                   "backup";
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return "make the file and its folder writable for the user that runs userd";
        case SQLITE_CANTOPEN:
            return "check that the file and its folder exist and may be read and written";
        case SQLITE_NOMEM:
            return "the machine is out of memory";
        default:
            return "check the disk and the system's log";
    }
}

/// Faults in what we ask, which no waiting cures.
bool is_our_fault(int primary) {
    switch (primary) {
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
        case SQLITE_TOOBIG:
            return true;
        default:
            return false;
    }
}

bool has_system_reason(int primary) {
    return primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
}

}  // namespace

void throw_error(sqlite3* db, int code, const std::filesystem::path& path) {
    const int primary = code & 0xff;
    std::string line = "database " + path.string() + ": ";
    // The connection's message is about its last call; it may be of another one than `code`.
    const bool same = db != nullptr && (sqlite3_errcode(db) & 0xff) == primary;
    line += same ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    const int reason = db != nullptr ? sqlite3_system_errno(db) : 0;
    if (has_system_reason(primary) && reason != 0)
        line += " (" + std::system_category().message(reason) + ")";
    if (is_our_fault(primary)) throw std::runtime_error(line);
    throw StoreUnavailable(line + ": " + advice(primary));
}

}  // namespace userd::sqlite
