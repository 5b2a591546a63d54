#pragma once

#include "app/settings.hpp"

namespace userd {

/// `userd migrate`: brings the schema up to date and says on standard output what it did.
/// std::runtime_error with one line.
void migrate(const DatabaseLocation& database);

/// `userd migrate --from … --to …`: copies a SQLite database, which no server may use meanwhile,
/// into a PostgreSQL database without users, and compares the two; goes on with a copy that was
/// broken off. SettingError when the URLs are not of these kinds, std::runtime_error with one line.
void copy_database(const std::string& from, const std::string& to);

}  // namespace userd
