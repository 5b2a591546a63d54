#include "app/database_location.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "app/postgres_url.hpp"
#include "app/setting_parsers.hpp"

namespace userd {
namespace {

// SQLAlchemy's names of drivers for PostgreSQL.
constexpr std::array<std::string_view, 6> kDrivers = {"asyncpg",       "pg8000",   "psycopg",
                                                      "psycopg_async", "psycopg2", "psycopg2cffi"};
constexpr std::string_view kPostgres = "postgresql";

SqliteLocation sqlite(std::string_view name, std::string_view path) {
    if (path.empty())
        parse::fail(name, "names no file; write sqlite:///relative.db or sqlite:////absolute.db");
    if (path == ":memory:")
        parse::fail(name, "a database in memory would lose everything; name a file");
    if (path.find_first_of(std::string_view("?\0", 2)) != std::string_view::npos)
        parse::fail(name, "options after '?' are not known; name a file only");
    return {path};
}

bool is_postgres(std::string_view name, std::string_view scheme) {
    if (scheme == kPostgres || scheme == "postgres") return true;
    const std::size_t plus = scheme.find('+');
    if (scheme.substr(0, plus) != kPostgres) return false;
    if (std::find(kDrivers.begin(), kDrivers.end(), scheme.substr(plus + 1)) == kDrivers.end())
        parse::fail(name, "has a driver that is not known; write postgresql://");
    return true;
}

/// asyncpg's `ssl` takes what libpq's `sslmode` does.
std::string with_sslmode(std::string uri) {
    for (const std::string_view option : {"?ssl=", "&ssl="})
        if (const std::size_t found = uri.find(option); found != std::string::npos)
            uri.insert(found + option.size() - 1, "mode");
    return uri;
}

PostgresLocation postgres(std::string_view name, std::string_view scheme, std::string_view rest) {
    std::string uri = std::string(kPostgres).append(rest);
    if (scheme.ends_with("+asyncpg")) uri = with_sslmode(std::move(uri));
    Secret conninfo(std::move(uri));
    try {
        std::string shown = PostgresUrl(conninfo).shown();
        return {std::move(conninfo), std::move(shown)};
    } catch (const std::invalid_argument& error) {
        parse::fail(name, error.what());
    }
}

}  // namespace

std::string describe(const DatabaseLocation& database) {
    if (const auto* postgres = std::get_if<PostgresLocation>(&database)) return postgres->shown;
    return "sqlite:///" + std::get<SqliteLocation>(database).file.string();
}

DatabaseLocation parse::database(std::string_view name, const std::string& url) {
    constexpr std::string_view kSqlite = "sqlite:///";
    if (url.starts_with(kSqlite)) return sqlite(name, std::string_view(url).substr(kSqlite.size()));
    const std::size_t end = url.find("://");
    const std::string_view scheme = std::string_view(url).substr(0, end);
    if (end == std::string::npos || !is_postgres(name, scheme))
        fail(name, "is no database; write sqlite:///FILE or postgresql://USER@HOST/DATABASE");
    return postgres(name, scheme, std::string_view(url).substr(end));
}

}  // namespace userd
