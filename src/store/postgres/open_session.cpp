#include "store/postgres/open_session.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/postgres/audit.hpp"
#include "store/postgres/now.hpp"
#include "store/postgres/session_ends.hpp"

namespace userd::postgres {
namespace {

// Locked first, so that logins of one user come one after another, each sees the sessions of those
// before it, and whoever disables the user misses none.
constexpr Statement kLock{"lock_user_of_session", R"(
    SELECT 1 FROM users WHERE id = $1::uuid FOR NO KEY UPDATE)",
                          Repeat::safe};

// Locks as well. A second run finds the new hash in place of the one that was verified.
constexpr Statement kRehash{"rehash", R"(
    UPDATE users SET password_hash = $3::text, hash_format = $4::text
    WHERE id = $1::uuid AND password_hash IN ($2::text, $3::text) AND NOT disabled)",
                            Repeat::safe};

// Times of tokens are whole seconds. A session that is there already was opened by a run whose
// answer was lost.
constexpr Statement kOpen{"open_session", USERD_POSTGRES_CLOCK R"(
    INSERT INTO sessions AS s (id, user_id, generation, refresh_key_id, created_at, rotated_at,
                               expires_at, ends_at, client_address, client_agent)
    SELECT $2::uuid, id, 1, $5::text, now, now,
           now / 1000 * 1000 + least($6::bigint, $7::bigint), now / 1000 * 1000 + $7::bigint,
           $8::text, $9::text
    FROM users, clock WHERE id = $3::uuid AND password_hash = $4::text AND NOT disabled
    ON CONFLICT (id) DO UPDATE SET user_id = s.user_id WHERE s.user_id = excluded.user_id
    RETURNING s.created_at, s.expires_at, s.ends_at)",
                          Repeat::safe};

/// [lock, open, …]
std::vector<Command> opening(const Database& db, const OpenSession& request) {
    std::vector<Command> commands;
    const std::optional<Rehash>& rehash = request.rehash;
    if (rehash)
        commands.push_back({&kRehash, Params(request.user, request.verified_hash,
                                             rehash->password_hash, rehash->hash_format)});
    else
        commands.push_back({&kLock, Params(request.user)});
    commands.push_back(
        {&kOpen, Params(db.now(), request.id, request.user,
                        rehash ? rehash->password_hash : request.verified_hash,
                        request.refresh_key_id, request.refresh_lifetime, request.session_lifetime,
                        request.client.address, request.client.agent)});
    if (db.audits()) commands.push_back(audit_login(db, request));
    add_limit(db, request, commands);
    return commands;
}

}  // namespace

Task<Result<Session>> open_session(Database& db, OpenSession request) {
    std::vector<Command> commands = opening(db, request);
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    const Rows& opened = results[1];
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

}  // namespace userd::postgres
