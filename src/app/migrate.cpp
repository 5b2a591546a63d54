#include "app/migrate.hpp"

#include <unistd.h>

#include <chrono>
#include <iostream>

#include "store/postgres/copy_target.hpp"
#include "store/postgres/postgres_store.hpp"
#include "store/sqlite/copy_source.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace userd {
namespace {

constexpr std::chrono::milliseconds kShowEvery{200};

MigrationResult bring_up_to_date(const DatabaseLocation& database) {
    if (const auto* postgres = std::get_if<PostgresLocation>(&database))
        return migrate_postgres(postgres->conninfo, PostgresSettings().connect_timeout);
    return migrate_sqlite(std::get<SqliteLocation>(database).file);
}

/// A line on standard error that shows how far the copy is, on a terminal only.
class ProgressLine {
  public:
    ProgressLine() : is_shown_(::isatty(STDERR_FILENO) != 0) {}
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const CopyProgress& progress) {
        const auto now = std::chrono::steady_clock::now();
        if (!is_shown_ || now - shown_at_ < kShowEvery) return;
        shown_at_ = now;
        std::cerr << "\r\033[K" << (progress.is_verifying ? "comparing " : "copying ")
                  << progress.table << ": " << progress.done << " of " << progress.total
                  << std::flush;
    }
    void clear() {
        if (is_shown_) std::cerr << "\r\033[K" << std::flush;
    }

  private:
    bool is_shown_;
    std::chrono::steady_clock::time_point shown_at_;
};

}  // namespace

void migrate(const DatabaseLocation& database) {
    const MigrationResult result = bring_up_to_date(database);
    std::cout << describe(database) << ": schema version ";
    if (result.from == result.to)
        std::cout << result.to << ", nothing to do\n";
    else
        std::cout << result.from << " -> " << result.to << "\n";
}

void copy_database(const std::string& from, const std::string& to) {
    const DatabaseLocation source_location = parse::database("--from", from);
    const DatabaseLocation target_location = parse::database("--to", to);
    const auto* sqlite = std::get_if<SqliteLocation>(&source_location);
    const auto* postgres = std::get_if<PostgresLocation>(&target_location);
    if (sqlite == nullptr) throw SettingError("--from: must be a SQLite database, sqlite:///FILE");
    if (postgres == nullptr)
        throw SettingError("--to: must be a PostgreSQL database, postgresql://USER@HOST/DATABASE");
    const std::filesystem::path file = std::filesystem::absolute(sqlite->file);

    const std::unique_ptr<CopySource> source = make_sqlite_source(file);
    bring_up_to_date(target_location);
    const std::unique_ptr<CopyTarget> target = make_postgres_target(postgres->conninfo);
    ProgressLine line;
    const std::vector<CopiedTable> tables =
        copy_all(*source, file.string(), *target,
                 [&line](const CopyProgress& progress) { line.show(progress); });
    line.clear();
    for (const CopiedTable& table : tables)
        std::cout << table.table << ": " << table.rows << " rows, SHA-256 " << table.checksum
                  << " on both sides\n";
    std::cout << "copied. Start the replicas with DATABASE_URL=" << postgres->shown
              << " and the master key of the source: MASTER_KEY as it was set, or else the content "
                 "of "
              << file.string() << ".master-key. Do not start a server on the source again.\n";
}

}  // namespace userd
