#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "base/secret.hpp"

namespace userd {

struct SqliteLocation {
    std::filesystem::path file = "userd.db";
};

struct PostgresLocation {
    Secret conninfo;    ///< libpq's URI
    std::string shown;  ///< the same without passwords
};

/// Where accounts are kept: DATABASE_URL.
using DatabaseLocation = std::variant<SqliteLocation, PostgresLocation>;

/// For people: holds no secret.
[[nodiscard]] std::string describe(const DatabaseLocation& database);

namespace parse {

/// SQLAlchemy's `sqlite:///relative` and `sqlite:////absolute`, libpq's `postgresql://` with
/// several hosts and every option, and SQLAlchemy's `postgresql+driver://`. SettingError names
/// `name` and repeats nothing of the URL, which may hold a password.
[[nodiscard]] DatabaseLocation database(std::string_view name, const std::string& url);

}  // namespace parse
}  // namespace userd
