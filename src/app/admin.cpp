#include "app/admin.hpp"

#include <boost/json.hpp>

#include "app/admin_events.hpp"
#include "app/admin_keys.hpp"
#include "app/admin_services.hpp"
#include "app/admin_steps.hpp"
#include "base/text.hpp"
#include "events/codec.hpp"
#include "http/validation.hpp"
#include "passwords/hasher.hpp"

namespace userd {
namespace {

using Command = Task<AdminReply> (*)(AdminParts, AdminRequest);

AdminReply no_such_user(const std::string& name) {
    return failure("no user has the name, e-mail or id '" + name + "'");
}

/// What registration over HTTP would refuse is refused here in the same words.
std::optional<std::string> check_new_user(const AdminRequest& request,
                                          const PasswordPolicy& policy) {
    if (auto error = http::check_username(request.name)) return "username: " + *error;
    if (auto error = http::check_email(request.email)) return "e-mail: " + *error;
    if (request.password_hash.empty()) {
        if (auto error = http::check_password(request.password.reveal(), policy))
            return "password: " + *error;
    } else if (!is_supported_hash(request.password_hash)) {
        return "--password-hash: neither an Argon2, bcrypt nor pbkdf2_sha256 hash within the cost "
               "bounds";
    }
    return std::nullopt;
}

Task<AdminReply> users_add(AdminParts parts, AdminRequest request) {
    if (auto error = check_new_user(request, parts.passwords)) co_return failure(*error);
    std::string email = http::stored_email(request.email);
    std::optional<Guarded<User>> added;
    if (request.password_hash.empty()) {
        Registration registration;
        registration.username = request.name;
        registration.email = std::move(email);
        registration.password = std::move(request.password);
        std::string no_traceparent;
        Client no_client;
        added = co_await parts.accounts.register_user(
            std::move(registration), std::move(no_traceparent), std::move(no_client));
    } else {
        added = co_await parts.accounts.import_user(request.name, std::move(email),
                                                    request.password_hash);
    }
    if (*added) co_return printed(describe(**added, request.json));
    if (added->error().error == Errc::user_exists)
        co_return failure("a user with this name or e-mail already exists");
    if (added->error().error == Errc::breached_password)
        co_return failure("password: " + http::breached_password_error().msg);
    co_return failure("the server is busy hashing passwords; try again");
}

Task<AdminReply> users_list(AdminParts parts, AdminRequest request) {
    AdminReply reply;
    Page page;
    page.limit = 500;
    for (;;) {
        const std::vector<User> users = co_await parts.store.list_users(page);
        for (const User& user : users)
            reply.output += describe(user, request.json);
        if (users.size() < static_cast<std::size_t>(page.limit)) co_return reply;
        page.after = compared_form(users.back().state.username);
    }
}

Task<Result<User>> find(AdminParts parts, std::string name) {
    std::string key = compared_form(name);
    co_return co_await parts.store.find_user(std::move(key));
}

Task<AdminReply> users_show(AdminParts parts, AdminRequest request) {
    const Result<User> user = co_await find(parts, request.name);
    if (!user) co_return no_such_user(request.name);
    co_return printed(describe(*user, request.json));
}

Task<AdminReply> users_set_email(AdminParts parts, AdminRequest request) {
    if (auto error = http::check_email(request.email)) co_return failure("e-mail: " + *error);
    const Result<User> user = co_await find(parts, request.name);
    if (!user) co_return no_such_user(request.name);
    std::string email = http::stored_email(request.email);
    std::string email_key = compared_form(email);
    const Result<User> changed =
        co_await parts.store.set_email(user->id, std::move(email), std::move(email_key));
    if (changed) co_return printed(describe(*changed, request.json));
    if (changed.error() == Errc::user_exists)
        co_return failure("another user has the e-mail '" + request.email + "'");
    co_return no_such_user(request.name);
}

Task<AdminReply> set_disabled(AdminParts parts, AdminRequest request, bool disabled) {
    const Result<User> user = co_await find(parts, request.name);
    if (!user) co_return no_such_user(request.name);
    const Result<User> changed = co_await parts.store.set_disabled(user->id, disabled);
    if (!changed) co_return no_such_user(request.name);
    co_return printed(describe(*changed, request.json));
}

Task<AdminReply> users_disable(AdminParts parts, AdminRequest request) {
    return set_disabled(parts, std::move(request), true);
}

Task<AdminReply> users_enable(AdminParts parts, AdminRequest request) {
    return set_disabled(parts, std::move(request), false);
}

Task<AdminReply> users_delete(AdminParts parts, AdminRequest request) {
    const Result<User> user = co_await find(parts, request.name);
    if (!user) co_return no_such_user(request.name);
    const Result<User> deleted = co_await parts.store.delete_user(user->id);
    if (!deleted) co_return no_such_user(request.name);
    co_return printed("deleted " + user->state.username + " (" + user->id.to_string() + ")\n");
}

Task<AdminReply> users_logout(AdminParts parts, AdminRequest request) {
    const Result<User> user = co_await find(parts, request.name);
    if (!user) co_return no_such_user(request.name);
    std::string reason("logout by an administrator");
    const std::int64_t ended = co_await parts.store.end_sessions(user->id, std::move(reason));
    co_return printed("ended " + std::to_string(ended) + (ended == 1 ? " session" : " sessions") +
                      " of " + user->state.username + "\n");
}

struct Entry {
    std::string_view name;
    Command command;
};

constexpr Entry kCommands[] = {
    {"users add", users_add},
    {"users list", users_list},
    {"users show", users_show},
    {"users set-email", users_set_email},
    {"users disable", users_disable},
    {"users enable", users_enable},
    {"users delete", users_delete},
    {"users logout", users_logout},
    {"services add", services_add},
    {"services list", services_list},
    {"services revoke", services_revoke},
    {"events status", events_status},
    {"events list", events_list},
    {"parked list", parked_list},
    {"parked retry", parked_retry},
    {"parked drop", parked_drop},
    {"step replay", step_replay},
    {"step replay-user", step_replay_user},
    {"step snapshot", step_snapshot},
    {"step users", step_users},
    {"keys list", keys_list},
    {"keys rotate", keys_rotate},
    {"keys retire", keys_retire},
    {"keys import", keys_import},
    {"keys export-public", keys_export_public},
};

}  // namespace

AdminReply failure(std::string error) {
    return {1, {}, std::move(error)};
}

AdminReply printed(std::string output) {
    return {0, std::move(output), {}};
}

std::string describe(const User& user, bool json) {
    const UserState& state = user.state;
    if (json)
        return boost::json::serialize(boost::json::object{
                   {"id", user.id.to_string()},
                   {"username", state.username},
                   {"email", state.email},
                   {"disabled", state.disabled},
                   {"version", user.version},
                   {"created_at", rfc3339(state.created_at)},
                   {"updated_at", rfc3339(state.updated_at)},
               }) +
               "\n";
    return user.id.to_string() + "  " + state.username + "  " + state.email + "  " +
           (state.disabled ? "disabled" : "enabled") + "  version " + std::to_string(user.version) +
           "  created " + rfc3339(state.created_at) + "  updated " + rfc3339(state.updated_at) +
           "\n";
}

std::string describe(const Store::Waiting& waiting, bool json) {
    const Event& event = waiting.event;
    if (json) {
        boost::json::object object{
            {"sequence", event.sequence},  {"id", event.id.to_string()},
            {"type", name_of(event.type)}, {"user", event.user.to_string()},
            {"version", event.version},    {"time", rfc3339(event.time)},
        };
        if (event.state) object["username"] = event.state->username;
        if (!waiting.parked_reason.empty()) object["parked"] = waiting.parked_reason;
        return boost::json::serialize(object) + "\n";
    }
    std::string line = rfc3339(event.time) + "  " + std::string(name_of(event.type)) + "  user " +
                       event.user.to_string() + "  version " + std::to_string(event.version);
    if (event.state) line += "  " + event.state->username + "  " + event.state->email;
    if (!waiting.parked_reason.empty())
        line += "  id " + event.id.to_string() + "  parked: " + waiting.parked_reason;
    return line + "\n";
}

Task<AdminReply> run_admin(AdminParts parts, AdminRequest request) {
    for (const Entry& entry : kCommands)
        if (entry.name == request.command) return entry.command(parts, std::move(request));
    throw std::invalid_argument("unknown command '" + request.command + "'");
}

}  // namespace userd
