#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace userd {

/// Who is at the other end of a session, as far as it is known.
struct Client {
    std::string address;  ///< IPv4 or IPv6 text, or empty
    std::string agent;    ///< User-Agent, at most kMaxAgent bytes of UTF-8, or empty
};
inline constexpr std::size_t kMaxAgent = 256;

/// Tokens carry whole seconds, so what a token is made of has no more.
[[nodiscard]] inline Timestamp whole_seconds(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time);
}

struct Session {
    SessionId id;
    UserId user;
    std::int64_t generation = 0;  ///< 1 at login; each rotation adds one
    std::string refresh_key_id;   ///< the key its current refresh token is signed with
    Timestamp rotated_at;         ///< iat of the current refresh token
    Timestamp expires_at;         ///< exp of the current refresh token
    Timestamp ends_at;            ///< no rotation goes beyond this
};

struct Rehash {
    std::string password_hash;
    std::string hash_format;
};

struct OpenSession {
    SessionId id;
    UserId user;
    std::string verified_hash;  ///< the password hash that was verified
    std::string refresh_key_id;
    std::chrono::seconds refresh_lifetime{};
    std::chrono::seconds session_lifetime{};
    std::optional<Rehash> rehash;  ///< replaces verified_hash
    Client client;
    int max_sessions = 50;  ///< the user's longest unused live sessions beyond this end
};

struct Rotate {
    SessionId session;
    UserId user;
    std::int64_t generation = 0;  ///< as presented
    std::string refresh_key_id;
    std::chrono::seconds refresh_lifetime{};
    std::chrono::seconds repeat_window{};
    Client client;
};

struct Rotation {
    enum class Outcome {
        rotated,   ///< `session` is the new row
        repeated,  ///< the successor was asked for again in time; `session` is unchanged
        reused,    ///< an old generation came back: the session has now ended, with that reason
        refused,   ///< no such session, ended, expired, user disabled or gone, or a generation to
                   ///< come
    };
    Outcome outcome = Outcome::refused;
    Session session;       ///< for rotated and repeated
    std::string username;  ///< for rotated and repeated
};

/// A live session as its user sees it.
struct SessionInfo {
    SessionId id;
    std::int64_t generation = 0;
    Timestamp created_at;
    Timestamp last_used_at;  ///< of the login or the newest rotation
    Timestamp expires_at;
    Client client;  ///< of the login or the newest rotation
};

/// Rows are kept this much longer than they live, so that a repeat which comes late is refused by
/// the row and not by its absence.
inline constexpr std::chrono::seconds kSweepDelay{10};

/// One step of a walk over the sessions that removes those that have expired.
struct SessionSweep {
    SessionId next;  ///< where the next step begins; all zero when the walk has come to its end
    int removed = 0;
};

}  // namespace userd
