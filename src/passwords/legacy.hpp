#pragma once

#include <cstdint>
#include <string_view>

#include "base/secret.hpp"

namespace userd {

/// Bounds on stored parameters: a stored hash above them is refused, so that no row can stall the pool.
inline constexpr int kMaxBcryptCost = 15;
inline constexpr std::uint32_t kMaxPbkdf2Iterations = 5'000'000;
inline constexpr std::uint32_t kMaxArgon2MemoryKib = 262'144;
inline constexpr std::uint32_t kMaxArgon2Iterations = 16;
inline constexpr std::uint32_t kMaxArgon2Lanes = 16;

/// `$2a$`, `$2b$`, `$2y$`: libxcrypt, on the first 72 bytes.
[[nodiscard]] bool verify_bcrypt(const Secret& password, std::string_view stored);

/// Django's `pbkdf2_sha256$N$salt$digest` and passlib's `$pbkdf2-sha256$N$salt$digest`.
[[nodiscard]] bool verify_pbkdf2_sha256(const Secret& password, std::string_view stored);

}  // namespace userd
