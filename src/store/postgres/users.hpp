#pragma once

#include <string>
#include <vector>

#include "store/postgres/database.hpp"
#include "store/store.hpp"

/// Reads of users: the statements behind Store's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<bool> is_taken(Database& db, std::string username_key, std::string email_key);
[[nodiscard]] Task<Result<Login>> find_login(Database& db, std::string key);
[[nodiscard]] Task<Result<User>> find_user(Database& db, std::string key);
[[nodiscard]] Task<std::vector<User>> list_users(Database& db, Page page);
[[nodiscard]] Task<std::vector<std::string>> hash_formats(Database& db);

/// The row of `id` in the columns that user_from reads.
extern const Statement kUserById;

}  // namespace userd::postgres
