#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "tokens/keys.hpp"

namespace userd {

struct TokenSettings {
    std::string issuer = "userd";
    std::string audience = "userd";
    std::chrono::minutes access_lifetime{5};
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

/// Makes and checks both kinds of token. Immutable and thread-safe. Neither kind passes for the
/// other: own typ, own key.
class Tokens {
  public:
    /// `access_key` signs access tokens; `refresh_key` is HS256, derived from the master key.
    Tokens(TokenSettings settings, std::shared_ptr<const Key> access_key,
           std::shared_ptr<const Key> refresh_key);

    [[nodiscard]] std::string make_access(UserId user, SessionId session, std::string_view username,
                                          Timestamp now) const;
    /// The same claims give the same bytes. Times are cut to seconds.
    [[nodiscard]] std::string make_refresh(const RefreshClaims& claims) const;

    /// All claims checked, `exp` (no leeway) included: nothing for a token that is not good now.
    [[nodiscard]] std::optional<AccessClaims> check_access(std::string_view token,
                                                           Timestamp now) const;
    [[nodiscard]] std::optional<RefreshClaims> check_refresh(std::string_view token,
                                                             Timestamp now) const;

    /// RFC 7517 section 5: {"keys":[…]} with the public key, or with none for HS256.
    [[nodiscard]] std::string jwks() const;
    [[nodiscard]] const TokenSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] const Key& access_key() const noexcept { return *access_key_; }
    [[nodiscard]] const Key& refresh_key() const noexcept { return *refresh_key_; }

  private:
    TokenSettings settings_;
    std::shared_ptr<const Key> access_key_;
    std::shared_ptr<const Key> refresh_key_;
};

}  // namespace userd
