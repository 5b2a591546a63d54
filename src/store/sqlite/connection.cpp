#include "store/sqlite/connection.hpp"

#include "store/sqlite/error.hpp"

namespace userd::sqlite {
namespace {

// Another program (a backup, a shell) may hold the write lock for a moment. Readers run on the
// event loops and wait for nothing.
constexpr int kWriterPatienceMs = 1000;

}  // namespace

Connection::Connection(std::filesystem::path path, Mode mode) : path_(std::move(path)) {
    const int access = mode == Mode::writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    sqlite3* db = nullptr;
    const int code = sqlite3_open_v2(path_.c_str(), &db, access | SQLITE_OPEN_NOMUTEX, nullptr);
    db_.reset(db);
    if (code != SQLITE_OK) throw_error(db, code, path_);
    sqlite3_extended_result_codes(db, 1);
    configure(mode);
}

void Connection::configure(Mode mode) {
    set(SQLITE_DBCONFIG_DEFENSIVE, 1);
    set(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    set(SQLITE_DBCONFIG_DQS_DDL, 0);
    set(SQLITE_DBCONFIG_DQS_DML, 0);
    // No mmap: an I/O error on a mapped page is a signal, not an error code.
    run_script("PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;");
    if (mode == Mode::reader) {
        set(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);
        run_script("PRAGMA query_only = ON; PRAGMA cache_size = -8192;");
        return;
    }
    sqlite3_busy_timeout(db_.get(), kWriterPatienceMs);
    // FAST overwrites what is deleted, with no write that would not happen anyway.
    run_script(
        "PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST; PRAGMA cache_size = -65536;"
        "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;");
    // Takes the place of the automatic checkpoint, which would run before a commit is answered.
    sqlite3_wal_hook(
        db_.get(),
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<Connection*>(self)->wal_pages_ = pages;
            return SQLITE_OK;
        },
        this);
}

void Connection::set(int option, int value) {
    const int code = sqlite3_db_config(db_.get(), option, value, nullptr);
    if (code != SQLITE_OK) throw_error(db_.get(), code, path_);
}

Connection::StatementPtr Connection::prepare(const char* sql, std::size_t size, unsigned flags) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(db_.get(), sql, static_cast<int>(size), flags, &statement, nullptr);
    if (code != SQLITE_OK) throw_error(db_.get(), code, path_);
    return StatementPtr(statement);
}

sqlite3_stmt* Connection::prepared(const char* sql, std::size_t size) {
    if (const auto found = statements_.find(sql); found != statements_.end())
        return found->second.get();
    StatementPtr statement = prepare(sql, size, SQLITE_PREPARE_PERSISTENT);
    return statements_.emplace(sql, std::move(statement)).first->second.get();
}

void Connection::run_script(const std::string& sql) {
    const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw_error(db_.get(), code, path_);
}

std::int64_t Connection::read_number(const std::string& sql) {
    const StatementPtr prepared = prepare_once(sql);
    Statement statement(prepared.get(), path_);
    return statement.step() ? statement.int64(0) : 0;
}

std::string Connection::read_text(const std::string& sql) {
    const StatementPtr prepared = prepare_once(sql);
    Statement statement(prepared.get(), path_);
    return statement.step() ? statement.text(0) : std::string();
}

void Connection::checkpoint() {
    const int code =
        sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    // Busy: a reader holds the log, the next one goes further.
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) throw_error(db_.get(), code, path_);
}

}  // namespace userd::sqlite
