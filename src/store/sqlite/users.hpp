#pragma once

#include <string>
#include <vector>

#include "store/sqlite/writer.hpp"
#include "store/store.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::sqlite {

[[nodiscard]] Result<User> add_user(Write& write, const NewUser& user,
                                    const std::string& traceparent);
[[nodiscard]] Result<User> set_email(Write& write, UserId id, const std::string& email,
                                     const std::string& email_key);
[[nodiscard]] Result<User> set_disabled(Write& write, UserId id, bool disabled);
[[nodiscard]] Result<User> delete_user(Write& write, UserId id);

[[nodiscard]] bool is_taken(Connection& db, const std::string& username_key,
                            const std::string& email_key);
[[nodiscard]] Result<Login> find_login(Connection& db, const std::string& key);
[[nodiscard]] Result<User> find_user(Connection& db, const std::string& key);
[[nodiscard]] std::vector<User> list_users(Connection& db, const Page& page);

}  // namespace userd::sqlite
