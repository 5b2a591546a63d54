#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace userd {

/// The signature algorithms that are supported (RFC 7518 section 3.1, RFC 8037).
enum class Algorithm { es256, eddsa, rs256, hs256 };

/// The JWA name.
[[nodiscard]] std::string_view name_of(Algorithm algorithm) noexcept;
[[nodiscard]] std::optional<Algorithm> algorithm_named(std::string_view name) noexcept;

/// One key, bound to one algorithm for its life (RFC 8725 section 3.1). Immutable and thread-safe.
class Key {
  public:
    /// HS256; at least 32 bytes (RFC 7518 section 3.2), else std::invalid_argument. The kid tells
    /// nothing of the secret: a keyed hash of a fixed text, truncated.
    [[nodiscard]] static std::shared_ptr<const Key> from_secret(const Secret& secret);
    /// A new pair for es256 (P-256), eddsa (Ed25519) or rs256 (2048 bits).
    [[nodiscard]] static std::shared_ptr<const Key> generate(Algorithm algorithm);
    /// A private key in PKCS#8 PEM. std::invalid_argument if it is not one, or not of the
    /// algorithm.
    [[nodiscard]] static std::shared_ptr<const Key> from_pem(Algorithm algorithm,
                                                             const Secret& pem);
    virtual ~Key() = default;

    [[nodiscard]] virtual Algorithm algorithm() const noexcept = 0;
    /// RFC 7638 thumbprint (SHA-256, base64url) of the public key; for HS256 see from_secret.
    [[nodiscard]] virtual const std::string& id() const noexcept = 0;
    /// JWS signature bytes over the signing input; ES256 as R||S (RFC 7518 section 3.4).
    [[nodiscard]] virtual std::string sign(std::string_view input) const = 0;
    [[nodiscard]] virtual bool verify(std::string_view input, std::string_view signature) const = 0;
    /// The public JWK as JSON with kty, use, alg, kid; empty for HS256.
    [[nodiscard]] virtual std::string public_jwk() const = 0;
    /// PKCS#8 PEM; for HS256 the raw secret.
    [[nodiscard]] virtual Secret private_bytes() const = 0;
};

/// HKDF-SHA256 (RFC 5869): extract and expand.
[[nodiscard]] Secret hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info,
                                 std::size_t size);

/// hkdf_sha256 of the master key for one purpose, 32 bytes.
[[nodiscard]] Secret derive_key(const Secret& master, std::string_view purpose);

}  // namespace userd
