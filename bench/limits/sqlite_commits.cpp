/// The limit of refreshes: SQLite's own commits, each synced to the disk, of one updated row or of
/// a batch of them, on a table of sessions' size.
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <iostream>
#include <random>
#include <stdexcept>
#include <vector>

#include "../numbers.hpp"
#include "../report.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kRows = 10000;

class Database {
  public:
    explicit Database(const char* path) {
        if (sqlite3_open(path, &db_) != SQLITE_OK) fail();
        run("PRAGMA journal_mode = WAL");
        run("PRAGMA synchronous = FULL");
        run("CREATE TABLE sessions (id BLOB NOT NULL PRIMARY KEY, generation INTEGER NOT NULL,"
            " rotated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID");
    }
    ~Database() { sqlite3_close_v2(db_); }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void run(const char* sql) {
        if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
    }

    [[nodiscard]] sqlite3_stmt* prepare(const char* sql) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
            SQLITE_OK)
            fail();
        return statement;
    }

    void step(sqlite3_stmt* statement) {
        if (sqlite3_step(statement) != SQLITE_DONE) fail();
        sqlite3_reset(statement);
    }

    [[noreturn]] void fail() const { throw std::runtime_error(sqlite3_errmsg(db_)); }

  private:
    sqlite3* db_ = nullptr;
};

using Id = std::array<std::uint64_t, 2>;

std::vector<Id> fill(Database& db, std::mt19937_64& random) {
    std::vector<Id> ids(kRows);
    sqlite3_stmt* const insert = db.prepare("INSERT INTO sessions VALUES (?, 1, 0, 0)");
    db.run("BEGIN IMMEDIATE");
    for (Id& id : ids) {
        id = {random(), random()};
        sqlite3_bind_blob(insert, 1, id.data(), sizeof(Id), SQLITE_STATIC);
        db.step(insert);
    }
    db.run("COMMIT");
    sqlite3_finalize(insert);
    return ids;
}

void run(const char* path, std::size_t batch, std::chrono::duration<double> duration) {
    Database db(path);
    std::mt19937_64 random(1);
    const std::vector<Id> ids = fill(db, random);
    sqlite3_stmt* const update = db.prepare(
        "UPDATE sessions SET generation = generation + 1, rotated_at = ?2, expires_at = ?2 + 7"
        " WHERE id = ?1");
    sqlite3_stmt* const begin = db.prepare("BEGIN IMMEDIATE");
    sqlite3_stmt* const commit = db.prepare("COMMIT");

    std::vector<double> took;
    const auto start = SteadyClock::now();
    const auto end = start + std::chrono::duration_cast<SteadyClock::duration>(duration);
    for (auto began = start; began < end;) {
        db.step(begin);
        for (std::size_t i = 0; i < batch; ++i) {
            const Id& id = ids[random() % ids.size()];
            sqlite3_bind_blob(update, 1, id.data(), sizeof(Id), SQLITE_STATIC);
            sqlite3_bind_int64(update, 2, began.time_since_epoch().count());
            db.step(update);
        }
        db.step(commit);
        const auto now = SteadyClock::now();
        const double milliseconds = std::chrono::duration<double, std::milli>(now - began).count();
        took.insert(took.end(), batch, milliseconds);
        began = now;
    }
    const auto elapsed = SteadyClock::now() - start;
    for (sqlite3_stmt* const statement : {update, begin, commit})
        sqlite3_finalize(statement);
    bench::report(std::move(took), elapsed, 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: sqlite_commits NEW_FILE ROWS_PER_COMMIT SECONDS\n";
        return 2;
    }
    try {
        run(argv[1], bench::number<std::size_t>(argv[2]),
            std::chrono::duration<double>(bench::number<double>(argv[3])));
    } catch (const std::exception& error) {
        std::cerr << "sqlite_commits: " << error.what() << '\n';
        return 1;
    }
}
