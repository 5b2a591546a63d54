#include "store/sqlite/users.hpp"

#include <algorithm>
#include <optional>

#include "store/from_row.hpp"
#include "store/sqlite/audit.hpp"
#include "store/sqlite/hash_formats.hpp"
#include "store/sqlite/outbox.hpp"
#include "store/sqlite/session_ends.hpp"

namespace userd::sqlite {
namespace {

constexpr char kAdd[] = R"(
    INSERT INTO users (id, username, username_key, email, email_key, password_hash, hash_format,
                       disabled, version, created_at, updated_at,
                       last_event_id, last_event_type, last_event_time)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 1, ?8, ?8, ?9, 'user_registered', ?8)
    ON CONFLICT (username_key) DO NOTHING
    ON CONFLICT (email_key) DO NOTHING)";

constexpr char kById[] = R"(
    SELECT id, username, email, created_at, updated_at, disabled, version
    FROM users WHERE id = ?1)";
constexpr char kByUsername[] = R"(
    SELECT id, username, email, created_at, updated_at, disabled, version
    FROM users WHERE username_key = ?1)";
constexpr char kByEmail[] = R"(
    SELECT id, username, email, created_at, updated_at, disabled, version
    FROM users WHERE email_key = ?1)";
constexpr char kList[] = R"(
    SELECT id, username, email, created_at, updated_at, disabled, version
    FROM users WHERE username_key > ?1 ORDER BY username_key LIMIT ?2)";

constexpr char kLoginByUsername[] = R"(
    SELECT id, username, password_hash, disabled FROM users WHERE username_key = ?1)";
constexpr char kLoginByEmail[] = R"(
    SELECT id, username, password_hash, disabled FROM users WHERE email_key = ?1)";

constexpr char kIsTaken[] = R"(
    SELECT EXISTS (SELECT 1 FROM users WHERE username_key = ?1)
        OR EXISTS (SELECT 1 FROM users WHERE email_key = ?2))";

constexpr char kOwnerOfEmail[] = "SELECT id FROM users WHERE email_key = ?1";

constexpr char kChange[] = R"(
    UPDATE users
    SET email = ?2, email_key = coalesce(?3, email_key), disabled = ?4, version = ?5,
        updated_at = ?6, last_event_id = ?7, last_event_type = 'user_updated', last_event_time = ?8
    WHERE id = ?1)";

constexpr char kDelete[] = "DELETE FROM users WHERE id = ?1 RETURNING hash_format";

Result<User> find_by_id(Connection& db, const UserId& id) {
    Statement row = db.query(kById, id);
    if (!row.step()) return Errc::not_found;
    return user_from(row);
}

Result<User> find_by_name(Connection& db, const std::string& key) {
    Statement row = is_email_key(key) ? db.query(kByEmail, key) : db.query(kByUsername, key);
    if (!row.step()) return Errc::not_found;
    return user_from(row);
}

Event event_of(const Write& write, EventType type, const User& user) {
    Event event;
    event.id = EventId::make(write.now);
    event.type = type;
    event.user = user.id;
    event.version = user.version;
    event.time = write.now;
    if (type != EventType::user_deleted) event.state = user.state;
    return event;
}

/// Stores `user`, whose state differs from the row's, as its next version. Without `email_key` the
/// e-mail is as it was.
User store_change(Write& write, User user, const std::optional<std::string>& email_key) {
    user.version += 1;
    // A clock that was set back does not turn the order of changes around.
    user.state.updated_at = std::max(write.now, user.state.updated_at);
    const Event event = event_of(write, EventType::user_updated, user);
    const UserState& state = user.state;
    if (email_key)
        write.db.execute(kChange, user.id, state.email, *email_key, state.disabled, user.version,
                         state.updated_at, event.id, event.time);
    else
        write.db.execute(kChange, user.id, state.email, nullptr, state.disabled, user.version,
                         state.updated_at, event.id, event.time);
    insert_event(write, event);
    write.changed.users.push_back(user.id);
    return user;
}

void audit_user(Write& write, AuditType type, const UserId& user) {
    AuditEvent event;
    event.type = type;
    event.user = user;
    audit(write, std::move(event));
}

bool is_anothers(Connection& db, const std::string& email_key, const UserId& id) {
    Statement row = db.query(kOwnerOfEmail, email_key);
    return row.step() && row.id<UserId>(0) != id;
}

}  // namespace

Result<User> add_user(Write& write, const NewUser& user, const std::string& traceparent) {
    User added;
    added.id = user.id;
    added.state = UserState{user.username, user.email, write.now, write.now, false};
    added.version = 1;
    Event event = event_of(write, EventType::user_registered, added);
    event.traceparent = traceparent;
    write.db.execute(kAdd, user.id, user.username, user.username_key, user.email, user.email_key,
                     user.password_hash, user.hash_format, write.now, event.id);
    if (write.db.changes() == 0) return Errc::user_exists;
    count_hash(write, user.hash_format);
    insert_event(write, event);
    return added;
}

Result<User> set_email(Write& write, UserId id, const std::string& email,
                       const std::string& email_key) {
    Result<User> user = find_by_id(write.db, id);
    if (!user || user->state.email == email) return user;
    if (is_anothers(write.db, email_key, id)) return Errc::user_exists;
    user->state.email = email;
    audit_user(write, AuditType::email_changed, id);
    return store_change(write, *std::move(user), email_key);
}

Result<User> set_disabled(Write& write, UserId id, bool disabled) {
    Result<User> user = find_by_id(write.db, id);
    if (!user || user->state.disabled == disabled) return user;
    user->state.disabled = disabled;
    audit_user(write, disabled ? AuditType::user_disabled : AuditType::user_enabled, id);
    if (disabled) end_sessions(write, id, "disabled");
    return store_change(write, *std::move(user), std::nullopt);
}

Result<User> delete_user(Write& write, UserId id) {
    Result<User> user = find_by_id(write.db, id);
    if (!user) return user;
    user->version += 1;
    user->state.updated_at = std::max(write.now, user->state.updated_at);
    audit_user(write, AuditType::user_deleted, id);
    drop_sessions(write, id);
    write.changed.users.push_back(id);
    std::string format;
    {
        Statement row = write.db.query(kDelete, id);
        while (row.step())
            format = row.text(0);
    }
    uncount_hash(write, format);
    erase_sent_states(write, id);
    insert_event(write, event_of(write, EventType::user_deleted, *user));
    return user;
}

bool is_taken(Connection& db, const std::string& username_key, const std::string& email_key) {
    Statement row = db.query(kIsTaken, username_key, email_key);
    return row.step() && row.boolean(0);
}

Result<Login> find_login(Connection& db, const std::string& key) {
    Statement row =
        is_email_key(key) ? db.query(kLoginByEmail, key) : db.query(kLoginByUsername, key);
    if (!row.step()) return Errc::not_found;
    return Login{row.id<UserId>(0), row.text(1), row.text(2), row.boolean(3)};
}

Result<User> find_user(Connection& db, const std::string& key) {
    // Ids first: a username may look like one, and an id must never find someone else.
    if (const std::optional<UserId> id = UserId::parse(key)) {
        Result<User> user = find_by_id(db, *id);
        if (user) return user;
    }
    return find_by_name(db, key);
}

std::vector<User> list_users(Connection& db, const Page& page) {
    std::vector<User> users;
    Statement row = db.query(kList, page.after, std::max(page.limit, 0));
    while (row.step())
        users.push_back(user_from(row));
    return users;
}

}  // namespace userd::sqlite
