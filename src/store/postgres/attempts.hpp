#pragma once

#include <cstdint>
#include <vector>

#include "store/attempts.hpp"
#include "store/postgres/database.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<std::vector<Attempts>> read_attempts(Database& db, std::vector<AttemptKey> keys);
[[nodiscard]] Task<std::vector<Attempts>> count_attempts(Database& db,
                                                         std::vector<CountAttempt> attempts);
[[nodiscard]] Task<void> clear_attempts(Database& db, std::vector<AttemptKey> keys);
[[nodiscard]] Task<int> sweep_attempts(Database& db, int rows, std::int64_t most);

}  // namespace userd::postgres
