#pragma once

#include <cstdint>
#include <vector>

#include "store/attempts.hpp"
#include "store/sqlite/writer.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::sqlite {

[[nodiscard]] std::vector<Attempts> read_attempts(Connection& db,
                                                  const std::vector<AttemptKey>& keys,
                                                  Timestamp now);
[[nodiscard]] std::vector<Attempts> count_attempts(Write& write,
                                                   const std::vector<CountAttempt>& attempts);
void clear_attempts(Write& write, const std::vector<AttemptKey>& keys);

/// How many counters there are. Looks at each, which is not for the writer.
[[nodiscard]] std::int64_t count_counters(Connection& db);
/// Removes at most `rows`: those whose window is over, and as many as are `excess`.
[[nodiscard]] int sweep_attempts(Write& write, int rows, std::int64_t excess);

}  // namespace userd::sqlite
