#pragma once

#include <string>

#include "store/postgres/database.hpp"
#include "store/store.hpp"

/// Changes of users with their events: the statements behind Store's operations of the same names.
namespace userd::postgres {

struct UserChange {
    Result<User> user;
    bool wrote_event = false;
};

[[nodiscard]] Task<UserChange> add_user(Database& db, NewUser user, std::string traceparent);
[[nodiscard]] Task<UserChange> set_email(Database& db, UserId id, std::string email,
                                         std::string email_key);
[[nodiscard]] Task<UserChange> set_disabled(Database& db, UserId id, bool disabled);
[[nodiscard]] Task<UserChange> delete_user(Database& db, UserId id);

}  // namespace userd::postgres
