#include "store/postgres/user_changes.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "store/from_row.hpp"
#include "store/postgres/audit.hpp"
#include "store/postgres/now.hpp"
#include "store/postgres/outbox.hpp"
#include "store/postgres/session_ends.hpp"
#include "store/postgres/users.hpp"

namespace userd::postgres {
namespace {

// Each statement below locks the user's row before it takes a sequence, so that a user's sequences
// ascend with the versions.

constexpr Statement kAdd{"add_user", USERD_POSTGRES_CLOCK R"(,
    added AS (
        INSERT INTO users (id, username, username_key, email, email_key, password_hash,
                           hash_format, disabled, version, created_at, updated_at,
                           last_event_id, last_event_type, last_event_time)
        SELECT $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, false, 1,
               now, now, $9::uuid, 'user_registered', now
        FROM clock
        ON CONFLICT DO NOTHING
        RETURNING id, username, email, created_at, updated_at, disabled, version),
    event AS (
        INSERT INTO events (id, type, user_id, version, time, traceparent,
                            username, email, created_at, updated_at, disabled)
        SELECT $9::uuid, 'user_registered', id, version, created_at, $10::text,
               username, email, created_at, updated_at, disabled
        FROM added
        RETURNING sequence, user_id),
    queued AS (INSERT INTO outbox (sequence, user_id) SELECT sequence, user_id FROM event)
    SELECT id, username, email, created_at, updated_at, disabled, version FROM added)",
                         Repeat::safe};

// NULL for what is to stay. A clock that was set back does not turn the order of changes around.
constexpr Statement kChange{"change_user", USERD_POSTGRES_CLOCK R"(,
    changed AS (
        UPDATE users
        SET email = coalesce($3::text, email), email_key = coalesce($4::text, email_key),
            disabled = coalesce($5::boolean, disabled), version = version + 1,
            updated_at = greatest(updated_at, now),
            last_event_id = $6::uuid, last_event_type = 'user_updated', last_event_time = now
        FROM clock
        WHERE id = $2::uuid
          AND (email <> coalesce($3::text, email) OR disabled <> coalesce($5::boolean, disabled))
        RETURNING id, username, email, created_at, updated_at, disabled, version,
                  last_event_time),
    event AS (
        INSERT INTO events (id, type, user_id, version, time, traceparent,
                            username, email, created_at, updated_at, disabled)
        SELECT $6::uuid, 'user_updated', id, version, last_event_time, '',
               username, email, created_at, updated_at, disabled
        FROM changed
        RETURNING sequence, user_id),
    queued AS (INSERT INTO outbox (sequence, user_id) SELECT sequence, user_id FROM event)
    SELECT id FROM changed)",
                            Repeat::safe};

constexpr Statement kDelete{"delete_user", USERD_POSTGRES_CLOCK R"(,
    gone AS (
        DELETE FROM users WHERE id = $2::uuid
        RETURNING id, username, email, created_at, updated_at, disabled, version + 1 AS version),
    event AS (
        INSERT INTO events (id, type, user_id, version, time, traceparent)
        SELECT $3::uuid, 'user_deleted', id, version, now, '' FROM gone, clock
        RETURNING sequence, user_id),
    queued AS (INSERT INTO outbox (sequence, user_id) SELECT sequence, user_id FROM event)
    SELECT id, username, email, created_at, greatest(updated_at, now), disabled, version
    FROM gone, clock)"};

EventId make_event_id(const Database& db) {
    return EventId::make(db.now().value_or(system_now()));
}

/// [kChange, …, kUserById], whose last has a snapshot of its own: a change of others that kChange
/// waited for is in it.
Task<UserChange> run_change(Database& db, std::vector<Command> commands) {
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    const Rows& changed = results.front();
    const Rows& now = results.back();
    if (now.empty()) co_return UserChange{Errc::not_found};
    co_return UserChange{user_from(now[0]), !changed.empty()};
}

}  // namespace

Task<UserChange> add_user(Database& db, NewUser user, std::string traceparent) {
    Params params(db.now(), user.id, user.username, user.username_key, user.email, user.email_key,
                  user.password_hash, user.hash_format, make_event_id(db), traceparent);
    const Rows added = co_await db.run(kAdd, std::move(params));
    if (!added.empty()) co_return UserChange{user_from(added[0]), true};
    // The conflict may be with this very user, added by a run whose answer was lost. Only a further
    // statement sees a row that the first had to wait for.
    Params id(user.id);
    const Rows found = co_await db.run(kUserById, std::move(id));
    if (found.empty()) co_return UserChange{Errc::user_exists};
    co_return UserChange{user_from(found[0]), true};
}

Task<UserChange> set_email(Database& db, UserId id, std::string email, std::string email_key) {
    std::vector<Command> commands;
    const std::optional<bool> same;
    const EventId event = make_event_id(db);
    commands.push_back({&kChange, Params(db.now(), id, email, email_key, same, event)});
    if (db.audits()) commands.push_back(audit_user(db, AuditType::email_changed, id, event));
    commands.push_back({&kUserById, Params(id)});
    try {
        co_return co_await run_change(db, std::move(commands));
    } catch (const UniqueViolation&) {
        co_return UserChange{Errc::user_exists};
    }
}

Task<UserChange> set_disabled(Database& db, UserId id, bool disabled) {
    std::vector<Command> commands;
    const std::optional<std::string> same;
    const EventId event = make_event_id(db);
    commands.push_back({&kChange, Params(db.now(), id, same, same, disabled, event)});
    const AuditType type = disabled ? AuditType::user_disabled : AuditType::user_enabled;
    if (db.audits()) commands.push_back(audit_user(db, type, id, event));
    if (disabled) commands.push_back(end_as_disabled(db, id));
    commands.push_back({&kUserById, Params(id)});
    co_return co_await run_change(db, std::move(commands));
}

Task<UserChange> delete_user(Database& db, UserId id) {
    std::vector<Command> commands;
    commands.push_back({&kLockUser, Params(id)});
    commands.push_back({&kLockOutboxOfUser, Params(id)});
    commands.push_back({&kDropSessions, Params(id)});
    commands.push_back({&kEraseSentStates, Params(id)});
    const EventId event = make_event_id(db);
    commands.push_back({&kDelete, Params(db.now(), id, event)});
    const std::size_t deletion = commands.size() - 1;
    if (db.audits()) commands.push_back(audit_user(db, AuditType::user_deleted, id, event));
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    const Rows& gone = results[deletion];
    if (gone.empty()) co_return UserChange{Errc::not_found};
    co_return UserChange{user_from(gone[0]), true};
}

}  // namespace userd::postgres
