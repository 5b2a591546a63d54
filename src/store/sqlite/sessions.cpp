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

// There is one writer, so what it reads within its transaction stays until it writes: two plain
// statements cost half of an UPDATE … RETURNING, which SQLite runs as a trigger.
constexpr char kFindToRotate[] = R"(
    SELECT s.generation, s.refresh_key_id, s.rotated_at, s.expires_at, s.ends_at, u.username
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.id = ?1 AND s.user_id = ?2 AND s.ended_at IS NULL AND s.expires_at > ?3
      AND u.disabled = 0)";

constexpr char kRotate[] = R"(
    UPDATE sessions SET generation = ?2, repeats = 0, refresh_key_id = ?3, rotated_at = ?4,
                        expires_at = ?5, client_address = ?6, client_agent = ?7
    WHERE id = ?1)";
constexpr char kRepeat[] = "UPDATE sessions SET repeats = repeats + 1 WHERE id = ?1";
constexpr char kEndReused[] = R"(
    UPDATE sessions SET ended_at = ?2, ended_reason = 'reuse' WHERE id = ?1)";

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

struct Rotating {
    Session session;
    Timestamp rotated_at;  ///< with the milliseconds that the repeat window needs
    std::string username;
};

/// The session as it is, if it is live.
std::optional<Rotating> find_to_rotate(Write& write, const Rotate& request) {
    Statement row = write.db.query(kFindToRotate, request.session, request.user, write.now);
    if (!row.step()) return std::nullopt;
    Rotating found;
    found.session.id = request.session;
    found.session.user = request.user;
    found.session.generation = row.int64(0);
    found.session.refresh_key_id = row.text(1);
    found.rotated_at = row.time(2);
    found.session.rotated_at = whole_seconds(found.rotated_at);
    found.session.expires_at = row.time(3);
    found.session.ends_at = row.time(4);
    found.username = row.text(5);
    return found;
}

/// The session's next generation, in the database and in `session`.
void rotate(Write& write, const Rotate& request, Session& session) {
    const Timestamp now = whole_seconds(write.now);
    ++session.generation;
    session.refresh_key_id = request.refresh_key_id;
    session.rotated_at = now;
    session.expires_at = std::min<Timestamp>(now + request.refresh_lifetime, session.ends_at);
    write.db.execute(kRotate, request.session, session.generation, session.refresh_key_id,
                     write.now, session.expires_at, request.client.address, request.client.agent);
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
    std::optional<Rotating> found = find_to_rotate(write, request);
    if (!found || request.generation < 1 || request.generation > found->session.generation)
        return {};
    Rotation rotation;
    write.changed.sessions.push_back(request.session);
    if (request.generation == found->session.generation) {
        rotation.outcome = Rotation::Outcome::rotated;
        rotate(write, request, found->session);
    } else if (request.generation + 1 == found->session.generation &&
               unix_millis(write.now) - unix_millis(found->rotated_at) <=
                   std::chrono::milliseconds(request.repeat_window).count()) {
        rotation.outcome = Rotation::Outcome::repeated;
        write.db.execute(kRepeat, request.session);
    } else {
        rotation.outcome = Rotation::Outcome::reused;
        write.db.execute(kEndReused, request.session, write.now);
        if (write.audits) audit_session(write, AuditType::token_reused, request);
        return rotation;
    }
    rotation.session = std::move(found->session);
    rotation.username = std::move(found->username);
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
