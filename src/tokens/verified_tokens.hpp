#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/shared_cache.hpp"

namespace userd {

struct AccessClaims;
using AccessClaimsPointer = std::shared_ptr<const AccessClaims>;

/// What access tokens said that were verified lately, so that a token's signature is verified once
/// and not with every request. Tokens are known by their SHA-256, never kept. Says nothing about
/// the time: who asks compares it. Bounded and thread-safe.
class VerifiedTokens {
  public:
    using Digest = std::array<std::uint8_t, 32>;

    [[nodiscard]] static Digest digest_of(std::string_view token);

    /// Null unless the token was put for the same edition of the keys (CurrentKeys::edition).
    [[nodiscard]] AccessClaimsPointer find(const Digest& token, std::uint64_t edition);
    void put(const Digest& token, std::uint64_t edition, AccessClaimsPointer claims);

  private:
    struct Verified {
        std::uint64_t edition = 0;
        AccessClaimsPointer claims;
    };
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept {
            std::size_t hash = 0;
            std::memcpy(&hash, digest.data(), sizeof hash);
            return hash;
        }
    };

    // They take some 20 MiB when all are in use.
    static constexpr std::size_t kMost = 65'536;
    SharedCache<Digest, Verified, DigestHash> tokens_{kMost};
};

}  // namespace userd
