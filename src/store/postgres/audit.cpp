#include "store/postgres/audit.hpp"

#include <algorithm>
#include <utility>

#include "store/from_row.hpp"
#include "store/postgres/lease.hpp"
#include "store/postgres/now.hpp"

namespace userd::postgres {
namespace {

// Every insertion may be run again: the id is made before the run.

constexpr Statement kLogin{"audit_login", R"(
    INSERT INTO audit_outbox (id, type, time, user_id, session_id, network)
    SELECT $1::uuid, 'login', s.created_at, s.user_id, s.id, $4::text
    FROM sessions s WHERE s.id = $2::uuid AND s.user_id = $3::uuid
    ON CONFLICT (id) DO NOTHING)",
                           Repeat::safe};

constexpr Statement kUser{"audit_user", R"(
    INSERT INTO audit_outbox (id, type, time, user_id)
    SELECT $1::uuid, $2::text, e.time, e.user_id
    FROM events e WHERE e.user_id = $3::uuid AND e.id = $4::uuid
    ON CONFLICT (id) DO NOTHING)",
                          Repeat::safe};

constexpr Statement kKeys{"audit_keys", USERD_POSTGRES_CLOCK R"(
    INSERT INTO audit_outbox (id, type, time, reason, key_id)
    SELECT k.id::uuid, 'key_changed', now, k.reason, k.key_id
    FROM unnest($3::text[], $4::text[], $5::text[]) AS k (id, reason, key_id), clock
    WHERE EXISTS (SELECT 1 FROM key_ring WHERE change = $2::uuid)
    ON CONFLICT (id) DO NOTHING)",
                          Repeat::safe};

constexpr Statement kAdd{"add_audit_events", R"(
    INSERT INTO audit_outbox (id, type, time, user_id, session_id, reason, network, key_id)
    SELECT a.id::uuid, a.type, a.time, a.user_id::uuid, a.session_id::uuid, a.reason, a.network,
           a.key_id
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                $7::text[], $8::text[])
         AS a (id, type, time, user_id, session_id, reason, network, key_id)
    ON CONFLICT (id) DO NOTHING)",
                         Repeat::safe};

constexpr Statement kLease{"lease_audit", USERD_POSTGRES_TAKE_LEASE("audit_lease"), Repeat::safe};
constexpr Statement kRelease{"release_audit", USERD_POSTGRES_RELEASE_LEASE("audit_lease"),
                             Repeat::safe};

// What was done one after another has ascending sequences; what came before an event and waits too
// was committed before it, or at the same time, when the order is nobody's.
constexpr Statement kWaiting{"waiting_audit_events", R"(
    SELECT lease.held, a.sequence, a.id, a.type, a.time, a.user_id, a.session_id, a.reason,
           a.network, a.key_id,
           (SELECT max(b.sequence) FROM audit_outbox b
            WHERE b.user_id = a.user_id AND b.sequence < a.sequence)
    FROM (SELECT EXISTS (SELECT 1 FROM audit_lease
                         WHERE epoch = $3::bigint AND holder IS NOT NULL) AS held) lease
    LEFT JOIN audit_outbox a ON lease.held AND a.sequence = ANY (ARRAY(
        SELECT o.sequence FROM audit_outbox o
        WHERE o.sequence > $1::bigint AND o.parked_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM audit_outbox p
                          WHERE p.parked_at IS NOT NULL AND p.user_id = o.user_id
                            AND p.sequence < o.sequence)
        ORDER BY o.sequence LIMIT $2::int))
    ORDER BY a.sequence)",
                             Repeat::read};

constexpr Statement kRemove{"remove_sent_audit",
                            "WITH " USERD_POSTGRES_LEASE_OF("audit_lease", "$2") R"(,
    gone AS (
        DELETE FROM audit_outbox
        WHERE sequence = ANY ($1::bigint[]) AND EXISTS (SELECT 1 FROM lease))
    SELECT EXISTS (SELECT 1 FROM lease))",
                            Repeat::safe};

constexpr Statement kPark{"park_audit_event",
                          USERD_POSTGRES_CLOCK
                          ",\n    " USERD_POSTGRES_LEASE_OF("audit_lease", "$4") R"(,
    parked AS (
        UPDATE audit_outbox SET parked_at = now, parked_reason = $3::text
        FROM clock
        WHERE sequence = $2::bigint AND parked_at IS NULL AND EXISTS (SELECT 1 FROM lease))
    SELECT EXISTS (SELECT 1 FROM lease))",
                          Repeat::safe};

constexpr Statement kCount{"count_audit", "SELECT count(*) FROM audit_outbox", Repeat::read};
constexpr Statement kCountParked{"count_parked_audit",
                                 "SELECT count(*) FROM audit_outbox WHERE parked_at IS NOT NULL",
                                 Repeat::read};

template <class IdType>
std::optional<std::string> text_of(const std::optional<IdType>& id) {
    if (!id) return std::nullopt;
    return id->to_string();
}

Params columns(const std::vector<AuditEvent>& events) {
    std::vector<std::string> ids, types, reasons, networks, keys;
    std::vector<std::int64_t> times;
    std::vector<std::optional<std::string>> users, sessions;
    for (const AuditEvent& event : events) {
        ids.push_back(event.id.to_string());
        types.emplace_back(stored_name(event.type));
        times.push_back(unix_millis(event.time));
        users.push_back(text_of(event.user));
        sessions.push_back(text_of(event.session));
        reasons.push_back(event.reason);
        networks.push_back(event.network);
        keys.push_back(event.key);
    }
    return Params(ids, types, times, users, sessions, reasons, networks, keys);
}

EventId make_event_id(const Database& db) {
    return EventId::make(db.now().value_or(system_now()));
}

class AuditTable final : public AuditLog {
  public:
    explicit AuditTable(Database& db) : db_(db) {}

    Task<std::optional<OutboxLease>> lease_outbox(OutboxClaim claim) override {
        return take_lease(db_, kLease, std::move(claim));
    }
    Task<void> release_outbox(std::int64_t epoch) override {
        return release_lease(db_, kRelease, epoch);
    }
    Task<std::vector<Event>> waiting_events(std::int64_t after, int limit,
                                            std::int64_t epoch) override {
        Params params(after, std::max(limit, 0), epoch);
        const Rows rows = co_await db_.run(kWaiting, std::move(params));
        require_lease(rows);
        std::vector<Event> events;
        for (int i = 0; i < rows.size(); ++i) {
            if (rows[i].is_null(1)) continue;
            events.push_back(audit_event_from(rows[i], 1));
            if (!rows[i].is_null(10)) events.back().previous = rows[i].int64(10);
        }
        co_return events;
    }
    Task<void> remove_sent(std::vector<std::int64_t> sequences, std::int64_t epoch) override {
        Params params(sequences, epoch);
        const Rows rows = co_await db_.run(kRemove, std::move(params));
        require_lease(rows);
    }
    Task<void> park_event(std::int64_t sequence, std::string reason, std::int64_t epoch) override {
        Params params(db_.now(), sequence, reason, epoch);
        const Rows rows = co_await db_.run(kPark, std::move(params));
        require_lease(rows);
    }
    Task<void> add(std::vector<AuditEvent> events) override {
        Params params = columns(events);
        co_await db_.run(kAdd, std::move(params));
    }
    Task<std::int64_t> count_waiting() override { return count(kCount); }
    Task<std::int64_t> count_parked() override { return count(kCountParked); }

  private:
    Task<std::int64_t> count(const Statement& statement) {
        Params none;
        const Rows rows = co_await db_.run(statement, std::move(none));
        co_return rows[0].int64(0);
    }

    Database& db_;
};

}  // namespace

Command audit_login(const Database& db, const OpenSession& request) {
    return {&kLogin, Params(make_event_id(db), request.id, request.user,
                            client_network(request.client.address))};
}

Command audit_user(const Database& db, AuditType type, const UserId& user, const EventId& event) {
    return {&kUser, Params(make_event_id(db), stored_name(type), user, event)};
}

Command audit_keys(const Database& db, const Uuid& change, std::vector<AuditEvent> events) {
    std::vector<std::string> ids, reasons, keys;
    for (const AuditEvent& event : events) {
        ids.push_back(make_event_id(db).to_string());
        reasons.push_back(event.reason);
        keys.push_back(event.key);
    }
    return {&kKeys, Params(db.now(), change, ids, reasons, keys)};
}

std::unique_ptr<AuditLog> make_audit_log(Database& db) {
    return std::make_unique<AuditTable>(db);
}

}  // namespace userd::postgres
