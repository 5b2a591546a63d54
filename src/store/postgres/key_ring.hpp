#pragma once

#include <cstdint>
#include <vector>

#include "store/key_ring.hpp"
#include "store/postgres/database.hpp"

/// The statements behind Store's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<StoredKeyRing> read_key_ring(Database& db);
[[nodiscard]] Task<std::int64_t> key_ring_version(Database& db);
[[nodiscard]] Task<bool> replace_key_ring(Database& db, std::int64_t expected,
                                          std::vector<StoredKey> keys);

}  // namespace userd::postgres
