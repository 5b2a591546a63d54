#include "store/sqlite/migrate.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace userd::sqlite {
namespace {

// "user" in ASCII, as an int32 in the file's header.
constexpr std::int64_t kApplicationId = 0x75736572;

std::string named(const std::filesystem::path& path) {
    return "database " + path.string();
}

/// Made here and not by SQLite, so that others cannot read the password hashes. The log and its
/// index take over the mode.
void make_file(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        throw std::runtime_error(named(path) + " cannot be opened for writing: " +
                                 std::system_category().message(errno) +
                                 "; check the rights of the file and its folder");
    ::close(file);
}

/// The schema version of a database of ours, 0 if it is empty.
int check_schema(Connection& db, int known) {
    const std::int64_t version = db.read_number("PRAGMA user_version");
    const std::int64_t application = db.read_number("PRAGMA application_id");
    const bool empty = version == 0 && application == 0 &&
                       db.read_number("SELECT count(*) FROM sqlite_schema") == 0;
    if (empty) return 0;
    if (application != kApplicationId || version < 1)
        throw std::runtime_error(
            named(db.path()) + " belongs to another program; set DATABASE_URL to a file of userd");
    if (version > known)
        throw std::runtime_error(named(db.path()) + " has schema version " +
                                 std::to_string(version) + ", this userd knows versions up to " +
                                 std::to_string(known) + "; run a newer userd");
    return static_cast<int>(version);
}

void use_write_ahead_log(Connection& db) {
    if (db.read_text("PRAGMA journal_mode = WAL") != "wal")
        throw std::runtime_error(named(db.path()) +
                                 " cannot keep a write-ahead log; put it on a local disk");
}

void apply(Connection& db, const EmbeddedFile& migration, int version) {
    const std::string script = "BEGIN IMMEDIATE;\n" + std::string(migration.content) +
                               "\nPRAGMA application_id = " + std::to_string(kApplicationId) +
                               ";\nPRAGMA user_version = " + std::to_string(version) + ";\nCOMMIT;";
    try {
        db.run_script(script);
    } catch (const std::exception& error) {
        throw std::runtime_error("migration " + std::string(migration.name) +
                                 " was not applied: " + error.what());
    }
}

}  // namespace

Opened open_writer(const std::filesystem::path& path) {
    make_file(path);
    Opened opened;
    opened.writer = std::make_unique<Connection>(path, Connection::Mode::writer);
    Connection& db = *opened.writer;
    const auto& migrations = migrations::sqlite::files();
    const int known = static_cast<int>(migrations.size());
    opened.migration.from = check_schema(db, known);
    opened.migration.to = known;
    use_write_ahead_log(db);
    for (int version = opened.migration.from + 1; version <= known; ++version)
        apply(db, migrations[static_cast<std::size_t>(version - 1)], version);
    return opened;
}

}  // namespace userd::sqlite
