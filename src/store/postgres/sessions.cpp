#include "store/postgres/sessions.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "store/postgres/now.hpp"
#include "store/postgres/session_ends.hpp"

namespace userd::postgres {
namespace {

// The user's row is locked, so that logins of one user come one after another, each sees the
// sessions of those before it, and whoever disables the user misses none. Times of tokens are whole
// seconds. A session that is there already was opened by a run whose answer was lost.
#define USERD_POSTGRES_OPEN \
    R"(,
    opened AS (
        INSERT INTO sessions AS s (id, user_id, generation, refresh_key_id, created_at, rotated_at,
                                   expires_at, ends_at, client_address, client_agent)
        SELECT $2::uuid, u.id, 1, $5::text, now, now,
               now / 1000 * 1000 + least($6::bigint, $7::bigint), now / 1000 * 1000 + $7::bigint,
               $8::text, $9::text
        FROM u, clock
        ON CONFLICT (id) DO UPDATE SET user_id = s.user_id WHERE s.user_id = excluded.user_id
        RETURNING s.created_at, s.expires_at, s.ends_at)
    SELECT created_at, expires_at, ends_at FROM opened)"

constexpr Statement kOpen{"open_session", USERD_POSTGRES_CLOCK R"(,
    u AS MATERIALIZED (
        SELECT id FROM users
        WHERE id = $3::uuid AND password_hash = $4::text AND NOT disabled
        FOR NO KEY UPDATE))" USERD_POSTGRES_OPEN,
                          Repeat::safe};

// A second run finds the new hash in place of the one that was verified.
constexpr Statement kOpenAndRehash{"open_session_and_rehash", USERD_POSTGRES_CLOCK R"(,
    u AS (
        UPDATE users SET password_hash = $10::text, hash_format = $11::text
        WHERE id = $3::uuid AND password_hash IN ($4::text, $10::text) AND NOT disabled
        RETURNING id))" USERD_POSTGRES_OPEN,
                                   Repeat::safe};

// SET and CASE see the newest row, also one that was waited for; RETURNING sees it as it is now.
// `repeats` tells a rotation (0) from a repeat (above 0), whose new generation is the same. A
// repetition of the whole is a repeat. Never $4 + 1, which may not be a bigint.
constexpr Statement kRotate{"rotate_session", USERD_POSTGRES_CLOCK R"(
    UPDATE sessions s SET
        generation     = CASE WHEN s.generation = $4::bigint THEN s.generation + 1
                              ELSE s.generation END,
        repeats        = CASE WHEN s.generation = $4::bigint THEN 0 ELSE s.repeats + 1 END,
        refresh_key_id = CASE WHEN s.generation = $4::bigint THEN $5::text
                              ELSE s.refresh_key_id END,
        rotated_at     = CASE WHEN s.generation = $4::bigint THEN now ELSE s.rotated_at END,
        expires_at     = CASE WHEN s.generation = $4::bigint
                              THEN least(now / 1000 * 1000 + $6::bigint, s.ends_at)
                              ELSE s.expires_at END,
        client_address = CASE WHEN s.generation = $4::bigint THEN $8::text
                              ELSE s.client_address END,
        client_agent   = CASE WHEN s.generation = $4::bigint THEN $9::text
                              ELSE s.client_agent END,
        ended_at       = CASE WHEN s.generation - 1 > $4::bigint
                                OR (s.generation - 1 = $4::bigint
                                    AND now - s.rotated_at > $7::bigint) THEN now END,
        ended_reason   = CASE WHEN s.generation - 1 > $4::bigint
                                OR (s.generation - 1 = $4::bigint
                                    AND now - s.rotated_at > $7::bigint) THEN 'reuse' END
    FROM clock, users u
    WHERE s.id = $2::uuid AND s.user_id = $3::uuid AND s.ended_at IS NULL AND s.expires_at > now
      AND $4::bigint BETWEEN 1 AND s.generation AND u.id = $3::uuid AND NOT u.disabled
    RETURNING s.ended_at, s.repeats, s.generation, s.refresh_key_id,
              s.rotated_at, s.expires_at, s.ends_at, u.username)",
                            Repeat::safe};

constexpr Statement kProfile{"read_profile", USERD_POSTGRES_CLOCK R"(
    SELECT u.username, u.email, u.created_at, u.updated_at
    FROM sessions s JOIN users u ON u.id = s.user_id, clock
    WHERE s.id = $2::uuid AND s.user_id = $3::uuid AND s.ended_at IS NULL AND s.expires_at > now
      AND NOT u.disabled)",
                             Repeat::safe};

constexpr Statement kRead{"read_session", USERD_POSTGRES_CLOCK R"(
    SELECT s.id, s.generation, s.created_at, s.rotated_at, s.expires_at, s.client_address,
           s.client_agent
    FROM sessions s JOIN users u ON u.id = s.user_id, clock
    WHERE s.id = $2::uuid AND s.user_id = $3::uuid AND s.ended_at IS NULL AND s.expires_at > now
      AND NOT u.disabled)",
                          Repeat::safe};

constexpr Statement kList{"list_sessions", USERD_POSTGRES_CLOCK R"(
    SELECT id, generation, created_at, rotated_at, expires_at, client_address, client_agent
    FROM sessions, clock WHERE user_id = $2::uuid AND ended_at IS NULL AND expires_at > now
    ORDER BY rotated_at DESC, id DESC)",
                          Repeat::safe};

// Reads the table: an index that knows the living would have to be written by each rotation.
constexpr Statement kCount{"count_sessions", USERD_POSTGRES_CLOCK R"(
    SELECT count(*) FROM sessions WHERE ended_at IS NULL AND expires_at > (SELECT now FROM clock))",
                           Repeat::safe};

std::int64_t millis(std::chrono::milliseconds duration) {
    return duration.count();
}

/// Tokens carry whole seconds, so what a token is made of has no more.
Timestamp whole_seconds(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time);
}

/// Of a row of kRotate that has not ended.
Rotation read_rotation(const Row& row, const Rotate& request) {
    Rotation rotation;
    rotation.outcome = row.int64(1) == 0 ? Rotation::Outcome::rotated : Rotation::Outcome::repeated;
    Session& session = rotation.session;
    session.id = request.session;
    session.user = request.user;
    session.generation = row.int64(2);
    session.refresh_key_id = row.text(3);
    // The row has the milliseconds, which the repeat window needs.
    session.rotated_at = whole_seconds(row.time(4));
    session.expires_at = row.time(5);
    session.ends_at = row.time(6);
    rotation.username = row.text(7);
    return rotation;
}

/// Of the seven columns of kRead.
SessionInfo read_info(const Row& row) {
    SessionInfo info;
    info.id = row.id<SessionId>(0);
    info.generation = row.int64(1);
    info.created_at = row.time(2);
    info.last_used_at = row.time(3);
    info.expires_at = row.time(4);
    info.client = Client{row.text(5), row.text(6)};
    return info;
}

Command opening(const Database& db, const OpenSession& request) {
    Params params(db.now(), request.id, request.user, request.verified_hash, request.refresh_key_id,
                  millis(request.refresh_lifetime), millis(request.session_lifetime),
                  request.client.address, request.client.agent);
    if (!request.rehash) return {&kOpen, std::move(params)};
    params.add(request.rehash->password_hash);
    params.add(request.rehash->hash_format);
    return {&kOpenAndRehash, std::move(params)};
}

}  // namespace

Task<Result<Session>> open_session(Database& db, OpenSession request) {
    std::vector<Command> commands;
    commands.push_back(opening(db, request));
    add_limit(db, request, commands);
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    const Rows& opened = results.front();
    if (opened.empty()) co_return Errc::bad_credentials;
    Session session;
    session.id = request.id;
    session.user = request.user;
    session.generation = 1;
    session.refresh_key_id = request.refresh_key_id;
    session.rotated_at = whole_seconds(opened[0].time(0));
    session.expires_at = opened[0].time(1);
    session.ends_at = opened[0].time(2);
    co_return session;
}

Task<Rotation> rotate_session(Database& db, Rotate request) {
    Params params(db.now(), request.session, request.user, request.generation,
                  request.refresh_key_id, millis(request.refresh_lifetime),
                  millis(request.repeat_window), request.client.address, request.client.agent);
    const Rows rows = co_await db.run(kRotate, std::move(params));
    Rotation rotation;
    if (rows.empty()) co_return rotation;
    if (rows[0].is_null(0))
        rotation = read_rotation(rows[0], request);
    else
        rotation.outcome = Rotation::Outcome::reused;
    co_return rotation;
}

Task<Result<Profile>> read_profile(Database& db, UserId user, SessionId session) {
    Params params(db.now(), session, user);
    const Rows rows = co_await db.run(kProfile, std::move(params));
    if (rows.empty()) co_return Errc::not_found;
    const Row row = rows[0];
    co_return Profile{row.text(0), row.text(1), row.time(2), row.time(3)};
}

Task<Result<SessionInfo>> read_session(Database& db, UserId user, SessionId session) {
    Params params(db.now(), session, user);
    const Rows rows = co_await db.run(kRead, std::move(params));
    if (rows.empty()) co_return Errc::not_found;
    co_return read_info(rows[0]);
}

Task<std::vector<SessionInfo>> list_sessions(Database& db, UserId user) {
    Params params(db.now(), user);
    const Rows rows = co_await db.run(kList, std::move(params));
    std::vector<SessionInfo> sessions;
    for (int i = 0; i < rows.size(); ++i)
        sessions.push_back(read_info(rows[i]));
    co_return sessions;
}

Task<std::int64_t> count_sessions(Database& db) {
    Params params(db.now());
    const Rows rows = co_await db.run(kCount, std::move(params));
    co_return rows[0].int64(0);
}

}  // namespace userd::postgres
