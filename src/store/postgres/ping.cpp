#include "store/postgres/ping.hpp"

#include <optional>
#include <string>
#include <utility>

#include "store/postgres/migrate.hpp"

namespace userd::postgres {
namespace {

constexpr Statement kPing{"ping", R"(
    SELECT version, current_setting('transaction_read_only') = 'on',
           current_setting('transaction_isolation')
    FROM schema_version)",
                          Repeat::read};

}  // namespace

Task<void> ping(Database& db) {
    Params none;
    const Rows rows = co_await db.run(kPing, std::move(none));
    if (rows.empty()) throw StoreUnavailable("database: no schema; run userd migrate");
    if (rows[0].boolean(1))
        throw StoreUnavailable("database: it takes no changes; name all hosts in DATABASE_URL");
    if (const auto complaint = complaint_about_isolation(rows[0].bytes(2)))
        throw StoreUnavailable("database: " + *complaint);
    const int known = static_cast<int>(migrations::postgres::files().size());
    if (const auto complaint = complaint_about(static_cast<int>(rows[0].int64(0)), known))
        throw StoreUnavailable("database: " + *complaint);
}

}  // namespace userd::postgres
