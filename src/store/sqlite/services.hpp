#pragma once

#include <string>
#include <vector>

#include "base/errc.hpp"
#include "store/service.hpp"
#include "store/sqlite/writer.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::sqlite {

[[nodiscard]] bool add_service(Write& write, const std::string& name,
                               const std::string& secret_hash);
[[nodiscard]] bool revoke_service(Write& write, const std::string& name);
[[nodiscard]] Result<Service> find_service(Connection& db, const std::string& name);
[[nodiscard]] std::vector<Service> list_services(Connection& db);

}  // namespace userd::sqlite
