#include "store/postgres/sessions.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "store/from_row.hpp"
#include "store/postgres/audit.hpp"
#include "store/postgres/now.hpp"

namespace userd::postgres {
namespace {

// SET and CASE see the newest row, also one that was waited for; RETURNING sees it as it is now.
// `repeats` tells a rotation (0) from a repeat (above 0), whose new generation is the same. A
// repetition of the whole is a repeat. Never $4 + 1, which may not be a bigint.
#define USERD_POSTGRES_ROTATE                                                                    \
    " UPDATE sessions s SET"                                                                     \
    " generation     = CASE WHEN s.generation = $4::bigint THEN s.generation + 1"                \
    " ELSE s.generation END,"                                                                    \
    " repeats        = CASE WHEN s.generation = $4::bigint THEN 0 ELSE s.repeats + 1 END,"       \
    " refresh_key_id = CASE WHEN s.generation = $4::bigint THEN $5::text"                        \
    " ELSE s.refresh_key_id END,"                                                                \
    " rotated_at     = CASE WHEN s.generation = $4::bigint THEN now ELSE s.rotated_at END,"      \
    " expires_at     = CASE WHEN s.generation = $4::bigint"                                      \
    " THEN least(now / 1000 * 1000 + $6::bigint, s.ends_at)"                                     \
    " ELSE s.expires_at END,"                                                                    \
    " client_address = CASE WHEN s.generation = $4::bigint THEN $8::text"                        \
    " ELSE s.client_address END,"                                                                \
    " client_agent   = CASE WHEN s.generation = $4::bigint THEN $9::text"                        \
    " ELSE s.client_agent END,"                                                                  \
    " ended_at       = CASE WHEN s.generation - 1 > $4::bigint"                                  \
    " OR (s.generation - 1 = $4::bigint"                                                         \
    " AND now - s.rotated_at > $7::bigint) THEN now END,"                                        \
    " ended_reason   = CASE WHEN s.generation - 1 > $4::bigint"                                  \
    " OR (s.generation - 1 = $4::bigint"                                                         \
    " AND now - s.rotated_at > $7::bigint) THEN 'reuse' END"                                     \
    " FROM clock, users u"                                                                       \
    " WHERE s.id = $2::uuid AND s.user_id = $3::uuid AND s.ended_at IS NULL AND s.expires_at > " \
    "now"                                                                                        \
    " AND $4::bigint BETWEEN 1 AND s.generation AND u.id = $3::uuid AND NOT u.disabled"
#define USERD_POSTGRES_ROTATED                                                            \
    "s.ended_at, s.repeats, s.generation, s.refresh_key_id, s.rotated_at, s.expires_at, " \
    "s.ends_at, u.username"

constexpr Statement kRotate{"rotate_session",
                            USERD_POSTGRES_CLOCK USERD_POSTGRES_ROTATE
                            "    RETURNING " USERD_POSTGRES_ROTATED,
                            Repeat::safe};

// The same with the audit event of a reuse. $10 is the client's network.
constexpr Statement kRotateAudited{"rotate_session_audited",
                                   USERD_POSTGRES_CLOCK
                                   ", rotated AS (" USERD_POSTGRES_ROTATE
                                   "    RETURNING s.id, s.user_id, " USERD_POSTGRES_ROTATED R"(),
    audit AS (
        INSERT INTO audit_outbox (id, type, time, user_id, session_id, network)
        SELECT )" USERD_POSTGRES_AUDIT_ID_OF_END("id") R"(, 'token_reused', ended_at, user_id, id,
               $10::text
        FROM rotated WHERE ended_at IS NOT NULL)
    SELECT ended_at, repeats, generation, refresh_key_id, rotated_at, expires_at, ends_at, username
    FROM rotated)",
                                   Repeat::safe};

constexpr Statement kProfile{"read_profile", USERD_POSTGRES_CLOCK R"(
    SELECT u.username, u.email, u.created_at, u.updated_at
    FROM sessions s JOIN users u ON u.id = s.user_id, clock
    WHERE s.id = $2::uuid AND s.user_id = $3::uuid AND s.ended_at IS NULL AND s.expires_at > now
      AND NOT u.disabled)",
                             Repeat::read};

constexpr Statement kRead{"read_session", USERD_POSTGRES_CLOCK R"(
    SELECT s.id, s.generation, s.created_at, s.rotated_at, s.expires_at, s.client_address,
           s.client_agent
    FROM sessions s JOIN users u ON u.id = s.user_id, clock
    WHERE s.id = $2::uuid AND s.user_id = $3::uuid AND s.ended_at IS NULL AND s.expires_at > now
      AND NOT u.disabled)",
                          Repeat::read};

constexpr Statement kList{"list_sessions", USERD_POSTGRES_CLOCK R"(
    SELECT id, generation, created_at, rotated_at, expires_at, client_address, client_agent
    FROM sessions, clock WHERE user_id = $2::uuid AND ended_at IS NULL AND expires_at > now
    ORDER BY rotated_at DESC, id DESC)",
                          Repeat::read};

// Reads the table: an index that knows the living would have to be written by each rotation.
constexpr Statement kCount{"count_sessions", USERD_POSTGRES_CLOCK R"(
    SELECT count(*) FROM sessions WHERE ended_at IS NULL AND expires_at > (SELECT now FROM clock))",
                           Repeat::read};

/// Of a rotation that has not ended, from the second column on: repeats, generation,
/// refresh_key_id, rotated_at, expires_at, ends_at, username.
Rotation rotation_from(const Row& row, const Rotate& request) {
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

}  // namespace

Task<Rotation> rotate_session(Database& db, Rotate request) {
    Params params(db.now(), request.session, request.user, request.generation,
                  request.refresh_key_id, request.refresh_lifetime, request.repeat_window,
                  request.client.address, request.client.agent);
    if (db.audits()) params.add(client_network(request.client.address));
    const Rows rows =
        co_await db.run(db.audits() ? kRotateAudited : kRotate, std::move(params), request.session);
    Rotation rotation;
    if (rows.empty()) co_return rotation;
    if (rows[0].is_null(0))
        rotation = rotation_from(rows[0], request);
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
    co_return session_info_from(rows[0]);
}

Task<std::vector<SessionInfo>> list_sessions(Database& db, UserId user) {
    Params params(db.now(), user);
    const Rows rows = co_await db.run(kList, std::move(params));
    co_return rows.each(session_info_from<Row>);
}

Task<std::int64_t> count_sessions(Database& db) {
    Params params(db.now());
    const Rows rows = co_await db.run(kCount, std::move(params));
    co_return rows[0].int64(0);
}

}  // namespace userd::postgres
