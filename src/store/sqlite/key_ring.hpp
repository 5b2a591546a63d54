#pragma once

#include <cstdint>
#include <vector>

#include "store/key_ring.hpp"
#include "store/sqlite/writer.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::sqlite {

[[nodiscard]] StoredKeyRing read_key_ring(Connection& db);
[[nodiscard]] std::int64_t key_ring_version(Connection& db);
[[nodiscard]] bool replace_key_ring(Write& write, std::int64_t expected,
                                    const std::vector<StoredKey>& keys);

}  // namespace userd::sqlite
