#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.hpp"
#include "accounts/key_keeper.hpp"
#include "async/task.hpp"
#include "base/secret.hpp"
#include "events/relay.hpp"
#include "passwords/policy.hpp"
#include "store/store.hpp"

namespace userd {

/// Of a command that runs in steps: which is next (admin_steps.hpp).
struct AdminStep {
    std::string user;        ///< username, e-mail or user id
    std::int64_t since = 0;  ///< milliseconds since the Unix epoch; also of the command itself
    std::string after;
    std::int64_t until = 0;
    bool swept_only = false;
    std::vector<std::string> ids;
};

/// One administrator's command, as the command line gives it and the control socket carries it.
struct AdminRequest {
    std::string command;  ///< "users add", "events status", …
    std::string name;     ///< username, e-mail or user id; kid
    std::string email;
    std::string password_hash;  ///< an imported hash, in place of a password
    Secret password;
    Secret private_key;  ///< PEM, of `keys import`
    bool now = false;    ///< of `keys rotate`
    int limit = 100;
    bool json = false;
    bool all = false;         ///< of `parked retry`
    bool from_start = false;  ///< of `events tail`, which stays here
    bool yes = false;         ///< of `parked drop`; as before
    AdminStep step;
};

struct AdminReply {
    int exit_code = 0;
    std::string output;  ///< for standard output
    std::string error;   ///< one line for standard error
};

/// Exit code 1 with the line on standard error; and 0 with the text on standard output.
[[nodiscard]] AdminReply failure(std::string error);
[[nodiscard]] AdminReply printed(std::string output);

struct AdminParts {
    Store& store;
    Accounts& accounts;
    KeyKeeper* keeper;                         ///< for the commands on keys
    std::function<std::string()> relay_state;  ///< a word about Kafka for `events status`
    PasswordPolicy passwords = {};
};

/// Runs the command. Bad input and outcomes such as an unknown user are replies with exit code 1;
/// StoreUnavailable passes through.
Task<AdminReply> run_admin(AdminParts parts, AdminRequest request);

/// Printable forms, shared by users and events.
[[nodiscard]] std::string describe(const User& user, bool json);
[[nodiscard]] std::string describe(const Store::Waiting& waiting, bool json);

}  // namespace userd
