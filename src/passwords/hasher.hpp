#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace userd {

class Argon2Memory;

struct Argon2Settings {
    std::uint32_t memory_kib = 19456;
    std::uint32_t iterations = 2;
};

/// Hashes and verifies passwords; pure functions of their arguments, blocking, thread-safe.
/// Call through HashPool only.
class Hasher {
  public:
    explicit Hasher(Argon2Settings settings) : settings_(settings) {}

    /// Argon2id (RFC 9106, version 0x13, one lane) as a PHC string, in `memory` if one is given.
    /// Throws std::bad_alloc if memory is short.
    [[nodiscard]] std::string hash(const Secret& password, Argon2Memory* memory = nullptr) const;

    /// False for a wrong password, and for a stored string that is malformed, of an unknown format,
    /// or above the cost bounds of legacy.hpp. Throws std::bad_alloc as hash().
    [[nodiscard]] bool verify(const Secret& password, std::string_view stored,
                              Argon2Memory* memory = nullptr) const;

    /// True when a good login should replace `stored` by a fresh hash(): another format or
    /// parameters.
    [[nodiscard]] bool needs_rehash(std::string_view stored) const;

    /// Of the Argon2Memory for hash(), and for verify() of what needs no rehash.
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    Argon2Settings settings_;
};

/// The cost class of a stored hash: scheme and parameters without salt and digest, e.g.
/// `argon2id$m=19456,t=2,p=1`, `bcrypt$12`, `pbkdf2_sha256$600000`; "unknown" for anything else.
/// Two hashes of one class take the same time to verify.
[[nodiscard]] std::string hash_format(std::string_view stored);

/// Whether an import may store this hash: a known format within the cost bounds.
[[nodiscard]] bool is_supported_hash(std::string_view stored);

}  // namespace userd
