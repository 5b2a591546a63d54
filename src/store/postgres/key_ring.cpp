#include "store/postgres/key_ring.hpp"

#include <optional>
#include <string>
#include <utility>

#include "store/from_row.hpp"
#include "store/postgres/audit.hpp"

namespace userd::postgres {
namespace {

// One statement, so that version and keys belong together. An empty ring is a row without a key.
constexpr Statement kRead{"read_key_ring", R"(
    SELECT r.version, k.id, k.algorithm, k.state, k.public_jwk, k.sealed, k.sealed_by,
           k.created_at, k.activated_at, k.verify_until
    FROM key_ring r LEFT JOIN signing_keys k ON true
    ORDER BY k.created_at, k.id)",
                          Repeat::read};

constexpr Statement kVersion{"key_ring_version", "SELECT version FROM key_ring", Repeat::read};

constexpr Statement kRaise{"raise_key_ring", R"(
    UPDATE key_ring SET version = version + 1, change = $2::uuid WHERE version = $1::bigint)"};

// Commands of their own, since one statement may not delete a key and insert it again. The name of
// the change tells whether it was this run that raised the version.
constexpr Statement kClear{"clear_key_ring", R"(
    DELETE FROM signing_keys WHERE EXISTS (SELECT 1 FROM key_ring WHERE change = $1::uuid))"};

// No time is negative; -1 stands for none.
constexpr Statement kInsert{"fill_key_ring", R"(
    INSERT INTO signing_keys (id, algorithm, state, public_jwk, sealed, sealed_by, created_at,
                              activated_at, verify_until)
    SELECT k.id, k.algorithm, k.state, k.public_jwk, k.sealed, k.sealed_by, k.created_at,
           nullif(k.activated_at, -1), nullif(k.verify_until, -1)
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[],
                $8::bigint[], $9::bigint[], $10::bigint[])
         AS k (id, algorithm, state, public_jwk, sealed, sealed_by, created_at, activated_at,
               verify_until)
    WHERE EXISTS (SELECT 1 FROM key_ring WHERE change = $1::uuid))"};

std::int64_t millis_or_none(const std::optional<Timestamp>& time) {
    return time ? unix_millis(*time) : -1;
}

Params columns(const Uuid& change, const std::vector<StoredKey>& keys) {
    std::vector<std::string> ids, algorithms, states, public_jwks, sealed_by;
    std::vector<Bytes> sealed;
    std::vector<std::int64_t> created, activated, verify_until;
    for (const StoredKey& key : keys) {
        ids.push_back(key.id);
        algorithms.push_back(key.algorithm);
        states.emplace_back(name_of(key.state));
        public_jwks.push_back(key.public_jwk);
        sealed.push_back(Bytes{key.sealed});
        sealed_by.push_back(key.sealed_by);
        created.push_back(unix_millis(key.created_at));
        activated.push_back(millis_or_none(key.activated_at));
        verify_until.push_back(millis_or_none(key.verify_until));
    }
    return Params(change, ids, algorithms, states, public_jwks, sealed, sealed_by, created,
                  activated, verify_until);
}

}  // namespace

Task<StoredKeyRing> read_key_ring(Database& db) {
    Params none;
    const Rows rows = co_await db.run(kRead, std::move(none));
    StoredKeyRing ring;
    for (int i = 0; i < rows.size(); ++i) {
        ring.version = rows[i].int64(0);
        if (!rows[i].is_null(1)) ring.keys.push_back(key_from(rows[i]));
    }
    co_return ring;
}

Task<std::int64_t> key_ring_version(Database& db) {
    Params none;
    const Rows rows = co_await db.run(kVersion, std::move(none));
    if (rows.empty()) co_return 0;
    co_return rows[0].int64(0);
}

Task<bool> replace_key_ring(Database& db, std::int64_t expected, std::vector<StoredKey> keys) {
    std::vector<AuditEvent> changes;
    if (db.audits()) {
        const StoredKeyRing ring = co_await read_key_ring(db);
        if (ring.version != expected) co_return false;
        changes = key_changes(ring.keys, keys);
    }
    const Uuid change = make_uuid_v7(system_now());
    std::vector<Command> commands;
    commands.push_back({&kRaise, Params(expected, change)});
    commands.push_back({&kClear, Params(change)});
    commands.push_back({&kInsert, columns(change, keys)});
    if (!changes.empty()) commands.push_back(audit_keys(db, change, std::move(changes)));
    const std::vector<Rows> results = co_await db.run(std::move(commands));
    co_return results.front().affected() > 0;
}

}  // namespace userd::postgres
