#include "store/sqlite/sessions.hpp"

#include <algorithm>

#include "store/from_row.hpp"
#include "store/sqlite/audit.hpp"
#include "store/sqlite/hash_formats.hpp"
#include "store/sqlite/session_ends.hpp"

namespace userd::sqlite {
namespace {

constexpr char kOpen[] = R"(
    INSERT INTO sessions (id, user_id, generation, refresh_key_id, created_at, rotated_at,
                          expires_at, ends_at, client_address, client_agent)
    SELECT ?1, id, 1, ?4, ?5, ?5, ?6, ?7, ?8, ?9
    FROM users WHERE id = ?2 AND password_hash = ?3 AND disabled = 0)";

constexpr char kFormat[] = "SELECT hash_format FROM users WHERE id = ?1";
constexpr char kRehash[] = R"(
    UPDATE users SET password_hash = ?2, hash_format = ?3 WHERE id = ?1)";

// SET and CASE see the row as it was, RETURNING sees it as it is now. `repeats` tells a rotation
// (0) from a repeat (above 0), whose new generation is the same.
constexpr char kRotate[] = R"(
    UPDATE sessions SET
        generation     = CASE WHEN generation = ?3 THEN generation + 1 ELSE generation END,
        repeats        = CASE WHEN generation = ?3 THEN 0 ELSE repeats + 1 END,
        refresh_key_id = CASE WHEN generation = ?3 THEN ?4 ELSE refresh_key_id END,
        rotated_at     = CASE WHEN generation = ?3 THEN ?5 ELSE rotated_at END,
        expires_at     = CASE WHEN generation = ?3 THEN min(?6, ends_at) ELSE expires_at END,
        client_address = CASE WHEN generation = ?3 THEN ?8 ELSE client_address END,
        client_agent   = CASE WHEN generation = ?3 THEN ?9 ELSE client_agent END,
        ended_at       = CASE WHEN generation > ?3 + 1
                                OR (generation = ?3 + 1 AND ?5 - rotated_at > ?7) THEN ?5 END,
        ended_reason   = CASE WHEN generation > ?3 + 1
                                OR (generation = ?3 + 1 AND ?5 - rotated_at > ?7) THEN 'reuse' END
    WHERE id = ?1 AND user_id = ?2 AND ended_at IS NULL AND expires_at > ?5
      AND ?3 BETWEEN 1 AND generation
      AND EXISTS (SELECT 1 FROM users WHERE users.id = ?2 AND users.disabled = 0)
    RETURNING ended_at, repeats, generation, refresh_key_id,
              rotated_at, expires_at, ends_at, (SELECT username FROM users WHERE users.id = ?2))";

constexpr char kProfile[] = R"(
    SELECT u.username, u.email, u.created_at, u.updated_at, s.expires_at
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.id = ?1 AND s.user_id = ?2 AND s.ended_at IS NULL AND s.expires_at > ?3
      AND u.disabled = 0)";

constexpr char kRead[] = R"(
    SELECT s.id, s.generation, s.created_at, s.rotated_at, s.expires_at, s.client_address,
           s.client_agent
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.id = ?1 AND s.user_id = ?2 AND s.ended_at IS NULL AND s.expires_at > ?3
      AND u.disabled = 0)";

constexpr char kList[] = R"(
    SELECT id, generation, created_at, rotated_at, expires_at, client_address, client_agent
    FROM sessions WHERE user_id = ?1 AND ended_at IS NULL AND expires_at > ?2
    ORDER BY rotated_at DESC, id DESC)";

constexpr char kCount[] = R"(
    SELECT count(*) FROM sessions WHERE ended_at IS NULL AND expires_at > ?1)";

void replace_hash(Write& write, const UserId& user, const Rehash& rehash) {
    std::string old_format;
    {
        Statement row = write.db.query(kFormat, user);
        if (row.step()) old_format = row.text(0);
    }
    write.db.execute(kRehash, user, rehash.password_hash, rehash.hash_format);
    uncount_hash(write, old_format);
    count_hash(write, rehash.hash_format);
}

/// `request` opened the session or has ended it.
template <class Request>
void audit_session(Write& write, AuditType type, const Request& request) {
    AuditEvent event;
    event.type = type;
    event.user = request.user;
    if constexpr (std::is_same_v<Request, OpenSession>)
        event.session = request.id;
    else
        event.session = request.session;
    event.network = client_network(request.client.address);
    audit(write, std::move(event));
}

}  // namespace

Result<Session> open_session(Write& write, const OpenSession& request) {
    const Timestamp now = whole_seconds(write.now);
    Session session;
    session.id = request.id;
    session.user = request.user;
    session.generation = 1;
    session.refresh_key_id = request.refresh_key_id;
    session.rotated_at = now;
    session.ends_at = now + request.session_lifetime;
    session.expires_at = std::min<Timestamp>(now + request.refresh_lifetime, session.ends_at);
    write.db.execute(kOpen, request.id, request.user, request.verified_hash, request.refresh_key_id,
                     write.now, session.expires_at, session.ends_at, request.client.address,
                     request.client.agent);
    if (write.db.changes() == 0) return Errc::bad_credentials;
    if (request.rehash) replace_hash(write, request.user, *request.rehash);
    if (write.audits) audit_session(write, AuditType::login, request);
    limit_sessions(write, request);
    return session;
}

Rotation rotate_session(Write& write, const Rotate& request) {
    const Timestamp expires_at = whole_seconds(write.now) + request.refresh_lifetime;
    const std::int64_t window_ms = std::chrono::milliseconds(request.repeat_window).count();
    Rotation rotation;
    Statement row = write.db.query(kRotate, request.session, request.user, request.generation,
                                   request.refresh_key_id, write.now, expires_at, window_ms,
                                   request.client.address, request.client.agent);
    if (!row.step()) return rotation;
    write.changed.sessions.push_back(request.session);
    if (!row.is_null(0))
        rotation.outcome = Rotation::Outcome::reused;
    else
        rotation = rotation_from(row, request);
    row.run_to_end();
    if (write.audits && rotation.outcome == Rotation::Outcome::reused)
        audit_session(write, AuditType::token_reused, request);
    return rotation;
}

Result<ProfileRow> read_profile(Connection& db, const UserId& user, const SessionId& session,
                                Timestamp now) {
    Statement row = db.query(kProfile, session, user, now);
    if (!row.step()) return Errc::not_found;
    return ProfileRow{{row.text(0), row.text(1), row.time(2), row.time(3)}, row.time(4)};
}

Result<SessionInfo> read_session(Connection& db, const UserId& user, const SessionId& session,
                                 Timestamp now) {
    Statement row = db.query(kRead, session, user, now);
    if (!row.step()) return Errc::not_found;
    return session_info_from(row);
}

std::vector<SessionInfo> list_sessions(Connection& db, const UserId& user, Timestamp now) {
    std::vector<SessionInfo> sessions;
    Statement row = db.query(kList, user, now);
    while (row.step())
        sessions.push_back(session_info_from(row));
    return sessions;
}

std::int64_t count_sessions(Connection& db, Timestamp now) {
    Statement row = db.query(kCount, now);
    return row.step() ? row.int64(0) : 0;
}

}  // namespace userd::sqlite
