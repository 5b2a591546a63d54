#pragma once

#include <string>
#include <vector>

#include "store/postgres/database.hpp"
#include "store/store.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<bool> add_service(Database& db, std::string name, std::string secret_hash);
[[nodiscard]] Task<Result<Service>> find_service(Database& db, std::string name);
[[nodiscard]] Task<std::vector<Service>> list_services(Database& db);
[[nodiscard]] Task<bool> revoke_service(Database& db, std::string name);

}  // namespace userd::postgres
