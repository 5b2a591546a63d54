#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "store/sqlite/statement.hpp"

namespace userd::sqlite {

/// A connection with its prepared statements, each made once and kept. For one thread at a time.
/// Everything throws as throw_error.
class Connection {
  public:
    enum class Mode { writer, reader };

    /// A reader never writes, and never checkpoints, not even when it closes.
    Connection(std::filesystem::path path, Mode mode);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// `sql` is a constant: its address is the key under which the prepared statement is kept.
    template <std::size_t Size, class... Args>
    [[nodiscard]] Statement query(const char (&sql)[Size], Args&&... args) {
        return Statement(prepared(sql, Size - 1), path_, std::forward<Args>(args)...);
    }
    template <std::size_t Size, class... Args>
    void execute(const char (&sql)[Size], Args&&... args) {
        Statement statement(prepared(sql, Size - 1), path_, std::forward<Args>(args)...);
        statement.run_to_end();
    }
    /// Several statements without parameters, none of them kept.
    void run_script(const std::string& sql);
    /// The first column of the first row, not kept.
    [[nodiscard]] std::int64_t read_number(const std::string& sql);
    [[nodiscard]] std::string read_text(const std::string& sql);

    [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(db_.get()); }
    [[nodiscard]] std::int64_t last_insert_id() const {
        return sqlite3_last_insert_rowid(db_.get());
    }
    [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }
    /// Pages in the write-ahead log after the last commit of this connection.
    [[nodiscard]] int wal_pages() const noexcept { return wal_pages_; }
    /// Copies what no reader holds back from the log into the database.
    void checkpoint();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    using StatementPtr = std::unique_ptr<sqlite3_stmt, Finalize>;
    /// For a Statement, and not kept.
    [[nodiscard]] StatementPtr prepare_once(const std::string& sql) {
        return prepare(sql.data(), sql.size(), 0);
    }

  private:
    struct Close {
        void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
    };

    [[nodiscard]] sqlite3_stmt* prepared(const char* sql, std::size_t size);
    [[nodiscard]] StatementPtr prepare(const char* sql, std::size_t size, unsigned flags);
    void configure(Mode mode);
    void set(int option, int value);

    std::filesystem::path path_;
    std::unique_ptr<sqlite3, Close> db_;
    std::unordered_map<const char*, StatementPtr> statements_;
    int wal_pages_ = 0;
};

}  // namespace userd::sqlite
