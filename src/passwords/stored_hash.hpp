#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace userd {

// The strict readers of stored hashes (bcrypt's is bcrypt_cost()). Each accepts exactly one
// spelling of each hash, nothing above the bounds of legacy.hpp, and nothing before or after it;
// nothing is computed.

/// `$argon2id$v=19$m=KiB,t=passes,p=lanes$salt$digest`, or `argon2i`; both parts base64 without
/// padding. Salts of 8 to 64 bytes, digests of 16 to 64. Version 16 and argon2d are unknown to
/// libsodium.
struct StoredArgon2 {
    enum class Variant { argon2i, argon2id };
    Variant variant = Variant::argon2id;
    std::uint32_t memory_kib = 0;
    std::uint32_t iterations = 0;
    std::uint32_t lanes = 0;
    std::string salt;
    std::string digest;
};
[[nodiscard]] std::optional<StoredArgon2> parse_argon2(std::string_view stored);

/// Django's `pbkdf2_sha256$N$salt$digest`: the salt is printable ASCII used as it stands, the
/// digest padded base64. passlib's `$pbkdf2-sha256$N$salt$digest`: both base64 without padding and
/// with `.` for
/// `+`. Salts of 1 to 128 bytes; digests of 32, so that N alone is the cost.
struct StoredPbkdf2 {
    std::uint32_t iterations = 0;
    std::string salt;
    std::string digest;
};
[[nodiscard]] std::optional<StoredPbkdf2> parse_pbkdf2_sha256(std::string_view stored);

}  // namespace userd
