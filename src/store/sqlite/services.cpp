#include "store/sqlite/services.hpp"

#include "store/from_row.hpp"

namespace userd::sqlite {
namespace {

constexpr char kAdd[] = R"(
    INSERT INTO services (name, secret_hash, created_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (name) DO NOTHING)";

constexpr char kRevoke[] = R"(
    UPDATE services SET revoked_at = ?2 WHERE name = ?1 AND revoked_at IS NULL)";

constexpr char kFind[] = R"(
    SELECT name, secret_hash, created_at, revoked_at FROM services WHERE name = ?1)";

constexpr char kList[] = R"(
    SELECT name, secret_hash, created_at, revoked_at FROM services ORDER BY name)";

}  // namespace

bool add_service(Write& write, const std::string& name, const std::string& secret_hash) {
    write.db.execute(kAdd, name, Blob{secret_hash}, write.now);
    return write.db.changes() > 0;
}

bool revoke_service(Write& write, const std::string& name) {
    write.db.execute(kRevoke, name, write.now);
    return write.db.changes() > 0;
}

Result<Service> find_service(Connection& db, const std::string& name) {
    Statement row = db.query(kFind, name);
    if (!row.step()) return Errc::not_found;
    return service_from(row);
}

std::vector<Service> list_services(Connection& db) {
    std::vector<Service> services;
    Statement row = db.query(kList);
    while (row.step())
        services.push_back(service_from(row));
    return services;
}

}  // namespace userd::sqlite
