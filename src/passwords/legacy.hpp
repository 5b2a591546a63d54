#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/secret.hpp"

namespace userd {

/// Bounds on stored parameters: a stored hash above them is refused, so that no row can stall the
/// pool.
inline constexpr std::uint32_t kMaxBcryptCost = 15;
inline constexpr std::uint32_t kMaxPbkdf2Iterations = 5'000'000;
inline constexpr std::uint32_t kMaxArgon2MemoryKib = 262'144;
inline constexpr std::uint32_t kMaxArgon2Iterations = 16;
inline constexpr std::uint32_t kMaxArgon2Lanes = 16;

/// The cost of a well-formed `$2a$`, `$2b$` or `$2y$` hash within the bounds.
[[nodiscard]] std::optional<std::uint32_t> bcrypt_cost(std::string_view stored);
/// By libxcrypt, on the first 72 bytes of the password.
[[nodiscard]] bool verify_bcrypt(const Secret& password, std::string_view stored);

/// The iterations of a well-formed hash within the bounds, in Django's form
/// `pbkdf2_sha256$N$salt$digest` or passlib's `$pbkdf2-sha256$N$salt$digest`.
[[nodiscard]] std::optional<std::uint32_t> pbkdf2_iterations(std::string_view stored);
[[nodiscard]] bool verify_pbkdf2_sha256(const Secret& password, std::string_view stored);

}  // namespace userd
