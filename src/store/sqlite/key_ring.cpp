#include "store/sqlite/key_ring.hpp"

#include <string>

#include "store/from_row.hpp"
#include "store/sqlite/audit.hpp"

namespace userd::sqlite {
namespace {

// One statement, so that version and keys belong together. An empty ring is a row without a key.
constexpr char kRead[] = R"(
    SELECT r.version, k.id, k.algorithm, k.state, k.public_jwk, k.sealed, k.sealed_by,
           k.created_at, k.activated_at, k.verify_until
    FROM key_ring r LEFT JOIN signing_keys k ON true
    ORDER BY k.created_at, k.id)";

constexpr char kVersion[] = "SELECT version FROM key_ring";

constexpr char kRaise[] = "UPDATE key_ring SET version = version + 1 WHERE version = ?1";

constexpr char kClear[] = "DELETE FROM signing_keys";

constexpr char kInsert[] = R"(
    INSERT INTO signing_keys (id, algorithm, state, public_jwk, sealed, sealed_by,
                              created_at, activated_at, verify_until)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))";

}  // namespace

StoredKeyRing read_key_ring(Connection& db) {
    StoredKeyRing ring;
    Statement row = db.query(kRead);
    while (row.step()) {
        ring.version = row.int64(0);
        if (!row.is_null(1)) ring.keys.push_back(key_from(row));
    }
    return ring;
}

std::int64_t key_ring_version(Connection& db) {
    Statement row = db.query(kVersion);
    return row.step() ? row.int64(0) : 0;
}

bool replace_key_ring(Write& write, std::int64_t expected, const std::vector<StoredKey>& keys) {
    const std::vector<StoredKey> before =
        write.audits ? read_key_ring(write.db).keys : std::vector<StoredKey>();
    write.db.execute(kRaise, expected);
    if (write.db.changes() == 0) return false;
    if (write.audits)
        for (AuditEvent& event : key_changes(before, keys))
            audit(write, std::move(event));
    write.db.execute(kClear);
    for (const StoredKey& key : keys)
        write.db.execute(kInsert, key.id, key.algorithm, name_of(key.state), key.public_jwk,
                         Blob{key.sealed}, key.sealed_by, key.created_at, key.activated_at,
                         key.verify_until);
    return true;
}

}  // namespace userd::sqlite
