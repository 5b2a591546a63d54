#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/errc.hpp"
#include "base/ids.hpp"
#include "store/attempts.hpp"
#include "store/audit.hpp"
#include "store/event.hpp"
#include "store/event_history.hpp"
#include "store/key_ring.hpp"
#include "store/lease.hpp"
#include "store/service.hpp"
#include "store/session.hpp"

namespace userd {

struct NewUser {
    UserId id;
    std::string username;
    std::string username_key;  ///< compared_form(username)
    std::string email;
    std::string email_key;  ///< compared_form(email)
    std::string password_hash;
    std::string hash_format;  ///< hash_format(password_hash)
};

struct User {
    UserId id;
    UserState state;
    std::int64_t version = 0;
};

/// What a login needs to know.
struct Login {
    UserId user;
    std::string username;
    std::string password_hash;
    bool disabled = false;
};

struct Profile {
    std::string username;
    std::string email;
    Timestamp created_at;
    Timestamp updated_at;
};

/// Whether a key is an e-mail's: no username has an '@', and every e-mail has one.
[[nodiscard]] inline bool is_email_key(std::string_view key) {
    return key.find('@') != std::string_view::npos;
}

struct OutboxStats {
    std::int64_t waiting = 0;  ///< events not yet acknowledged by Kafka, parked ones too
    std::int64_t parked = 0;
    std::optional<Timestamp> oldest;  ///< time of the first in the outbox
    std::int64_t newest = 0;          ///< sequence of the last event written
};

struct Page {
    std::string after;  ///< username_key of the last row seen, or empty
    int limit = 100;
};

/// The accounts, sessions and events of the service, as whole operations: each is atomic, durable
/// once it has returned, and one round trip. Thread-safe; operations may be awaited on any loop.
///
/// Throws StoreUnavailable when the store cannot serve now; what was asked for is then whole or
/// absent. Every change of a user raises `version` and `updated_at` and writes its event in the
/// same transaction. `traceparent` is copied into the event.
class Store : public EventHistory, public Outbox {
  public:
    /// user_exists if username_key or email_key is taken, as either's username or e-mail
    /// respectively.
    virtual Task<Result<User>> add_user(NewUser user, std::string traceparent) = 0;
    /// Whether either key is taken now; a cheap look before a hash is spent, add_user decides.
    virtual Task<bool> is_taken(std::string username_key, std::string email_key) = 0;
    /// By username_key, or by email_key if the key has an '@'. not_found.
    virtual Task<Result<Login>> find_login(std::string key) = 0;

    /// Opens a session with generation 1. bad_credentials if the user is gone, disabled, or the
    /// hash is no longer `verified_hash`.
    virtual Task<Result<Session>> open_session(OpenSession request) = 0;
    virtual Task<Rotation> rotate_session(Rotate request) = 0;
    /// not_found unless the session is the user's, has neither ended nor expired, and the user is
    /// enabled.
    virtual Task<Result<Profile>> read_profile(UserId user, SessionId session) = 0;

    /// The user's live sessions, the last used first.
    virtual Task<std::vector<SessionInfo>> list_sessions(UserId user) = 0;
    /// As read_profile, but about the session. not_found.
    virtual Task<Result<SessionInfo>> read_session(UserId user, SessionId session) = 0;
    /// False unless it was live. `reason` is kept in the row.
    virtual Task<bool> end_session(UserId user, SessionId session, std::string reason) = 0;
    /// How many live ones ended.
    virtual Task<std::int64_t> end_sessions(UserId user, std::string reason) = 0;
    /// Looks at the next `rows` sessions from `from` in id order and removes those that expired
    /// kSweepDelay ago or longer.
    virtual Task<SessionSweep> sweep_sessions(SessionId from, int rows) = 0;

    /// By id text, username_key or email_key. not_found.
    virtual Task<Result<User>> find_user(std::string key) = 0;
    virtual Task<std::vector<User>> list_users(Page page) = 0;
    /// user_exists, not_found. Setting what is already set is no change and writes no event.
    virtual Task<Result<User>> set_email(UserId user, std::string email, std::string email_key) = 0;
    /// Disabling ends the user's sessions. not_found.
    virtual Task<Result<User>> set_disabled(UserId user, bool disabled) = 0;
    /// Ends the sessions, erases the states of the user's sent events, and frees name and e-mail.
    /// not_found.
    virtual Task<Result<User>> delete_user(UserId user) = 0;

    virtual Task<StoredKeyRing> read_key_ring() = 0;
    virtual Task<std::int64_t> key_ring_version() = 0;
    /// Puts `keys` in place of the ring and raises its version; false, and nothing is changed, when
    /// the version is not `expected` any more.
    virtual Task<bool> replace_key_ring(std::int64_t expected, std::vector<StoredKey> keys) = 0;

    /// False if there is or was a service of that name.
    virtual Task<bool> add_service(std::string name, std::string secret_hash) = 0;
    /// Revoked ones too. not_found.
    virtual Task<Result<Service>> find_service(std::string name) = 0;
    virtual Task<std::vector<Service>> list_services() = 0;
    /// False if there is none, or it is revoked already.
    virtual Task<bool> revoke_service(std::string name) = 0;

    /// In the order of the keys; zero where nothing was counted or the window is over.
    virtual Task<std::vector<Attempts>> read_attempts(std::vector<AttemptKey> keys) = 0;
    /// Counts one of each, and gives the counters after all of them, in order; a key that comes
    /// twice counts twice.
    virtual Task<std::vector<Attempts>> count_attempts(std::vector<CountAttempt> attempts) = 0;
    virtual Task<void> clear_attempts(std::vector<AttemptKey> keys) = 0;
    /// Removes counters whose window is over; beyond `most` counters also those that were counted
    /// the longest ago. How many: at most `rows`, and fewer only when no more are left to remove.
    virtual Task<int> sweep_attempts(int rows, std::int64_t most) = 0;

    /// Of which formats (hash_format) users exist.
    virtual Task<std::vector<std::string>> hash_formats() = 0;
    virtual Task<std::int64_t> count_sessions() = 0;  ///< neither ended nor expired

    /// For people: the newest `limit` events that wait, oldest first, parked ones with their
    /// reason.
    using Waiting = WaitingEvent;
    virtual Task<std::vector<Waiting>> list_waiting(int limit) = 0;
    virtual Task<OutboxStats> outbox_stats() = 0;

    /// Lives as long as the store.
    virtual AuditLog& audit_log() = 0;

    /// `nudge` is called, on a thread of the store, after each commit that wrote events.
    virtual void on_event(std::function<void()> nudge) = 0;
    /// Cheap check that the store can serve; throws StoreUnavailable.
    virtual Task<void> ping() = 0;
};

}  // namespace userd
