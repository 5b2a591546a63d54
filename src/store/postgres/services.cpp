#include "store/postgres/services.hpp"

#include <utility>

#include "store/from_row.hpp"
#include "store/postgres/now.hpp"

namespace userd::postgres {
namespace {

constexpr Statement kAdd{"add_service", USERD_POSTGRES_CLOCK R"(
    INSERT INTO services (name, secret_hash, created_at)
    SELECT $2::text, $3::bytea, now FROM clock
    ON CONFLICT (name) DO NOTHING)"};

constexpr Statement kRevoke{"revoke_service", USERD_POSTGRES_CLOCK R"(
    UPDATE services SET revoked_at = now FROM clock
    WHERE name = $2::text AND revoked_at IS NULL)"};

constexpr Statement kFind{"find_service", R"(
    SELECT name, secret_hash, created_at, revoked_at FROM services WHERE name = $1::text)",
                          Repeat::read};

constexpr Statement kList{"list_services", R"(
    SELECT name, secret_hash, created_at, revoked_at FROM services ORDER BY name)",
                          Repeat::read};

}  // namespace

Task<bool> add_service(Database& db, std::string name, std::string secret_hash) {
    Params params(db.now(), name, Bytes{secret_hash});
    const Rows added = co_await db.run(kAdd, std::move(params));
    co_return added.affected() > 0;
}

Task<Result<Service>> find_service(Database& db, std::string name) {
    Params params(name);
    const Rows rows = co_await db.run(kFind, std::move(params));
    if (rows.empty()) co_return Errc::not_found;
    co_return service_from(rows[0]);
}

Task<std::vector<Service>> list_services(Database& db) {
    Params none;
    const Rows rows = co_await db.run(kList, std::move(none));
    co_return rows.each(service_from<Row>);
}

Task<bool> revoke_service(Database& db, std::string name) {
    Params params(db.now(), name);
    const Rows revoked = co_await db.run(kRevoke, std::move(params));
    co_return revoked.affected() > 0;
}

}  // namespace userd::postgres
