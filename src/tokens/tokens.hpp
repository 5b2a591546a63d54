#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "tokens/key_ring.hpp"
#include "tokens/verified_tokens.hpp"

namespace userd {

struct TokenSettings {
    std::string issuer = "userd";
    std::string audience = "userd";
    std::chrono::minutes access_lifetime{5};
    std::chrono::seconds jwks_max_age{300};  ///< so long may others keep the JWKS
};

/// What an access token says (RFC 9068): `typ` at+jwt; iss, aud, sub, sid, username, iat, exp, jti.
struct AccessClaims {
    UserId user;
    SessionId session;
    std::string username;
    std::string id;  ///< jti
    Timestamp issued_at;
    Timestamp expires_at;
};

/// What a refresh token says: `typ` rt+jwt; iss, aud, sub, sid, iat, exp, and jti, which is
/// `<session>.<generation>`.
struct RefreshClaims {
    UserId user;
    SessionId session;
    std::int64_t generation = 0;
    Timestamp issued_at;
    Timestamp expires_at;
};

/// Makes and checks both kinds of token, each call with the keys of its moment. Thread-safe.
/// Neither kind passes for the other: own typ, own keys.
class Tokens {
  public:
    /// Every use is StoreUnavailable until set_keys().
    explicit Tokens(TokenSettings settings);
    Tokens(TokenSettings settings, std::shared_ptr<const KeySet> keys);

    /// From now on tokens are made and checked with these.
    void set_keys(std::shared_ptr<const KeySet> keys) { keys_.set(std::move(keys)); }

    [[nodiscard]] std::string make_access(UserId user, SessionId session, std::string_view username,
                                          Timestamp now) const;
    /// The same claims and key give the same bytes. Times are cut to seconds. Nothing when no
    /// refresh key has the id `key_id`.
    [[nodiscard]] std::optional<std::string> make_refresh(const RefreshClaims& claims,
                                                          std::string_view key_id) const;

    /// All claims checked, `exp` (no leeway) included: null for a token that is not good now. A
    /// signature that was good is remembered for as long as the keys stay the same.
    [[nodiscard]] AccessClaimsPointer check_access(std::string_view token, Timestamp now) const;
    [[nodiscard]] std::optional<RefreshClaims> check_refresh(std::string_view token,
                                                             Timestamp now) const;

    [[nodiscard]] std::string jwks() const { return keys_.get().jwks(); }
    [[nodiscard]] std::chrono::seconds jwks_max_age() const noexcept {
        return settings_.jwks_max_age;
    }
    /// Names the key for refresh tokens to come.
    [[nodiscard]] std::string refresh_key_id() const { return keys_.get().refresh().front()->id(); }
    [[nodiscard]] const TokenSettings& settings() const noexcept { return settings_; }

  private:
    /// Null for a token that would be good at no time.
    [[nodiscard]] AccessClaimsPointer verify_access(std::string_view token) const;

    TokenSettings settings_;
    CurrentKeys keys_;
    mutable VerifiedTokens verified_;
};

}  // namespace userd
