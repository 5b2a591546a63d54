#include "tokens/tokens.hpp"

#include <boost/json.hpp>
#include <charconv>

#include "base/base64url.hpp"
#include "base/random.hpp"
#include "tokens/jwt.hpp"

namespace userd {
namespace {

constexpr std::string_view kAccessTyp = "at+jwt";  // RFC 9068 section 2.1
constexpr std::string_view kRefreshTyp = "rt+jwt";
constexpr std::size_t kTokenIdBytes = 16;
constexpr std::chrono::seconds kClockSkew{60};  // of replicas, for iat only

std::optional<std::string_view> text_of(const boost::json::object& claims, std::string_view name) {
    const boost::json::value* value = claims.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string_view(value->get_string());
}

std::optional<std::int64_t> number_of(const boost::json::object& claims, std::string_view name) {
    const boost::json::value* value = claims.if_contains(name);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return value->get_int64();
}

template <class AnyId>
std::optional<AnyId> id_of(const boost::json::object& claims, std::string_view name) {
    const auto text = text_of(claims, name);
    if (!text) return std::nullopt;
    return AnyId::parse(*text);
}

struct CommonClaims {
    UserId user;
    SessionId session;
    Timestamp issued_at;
    Timestamp expires_at;
};

/// The claims that both kinds have; nothing unless all are there and ours.
std::optional<CommonClaims> check_common(const boost::json::object& claims,
                                         const TokenSettings& settings) {
    const auto issuer = text_of(claims, "iss");
    const auto audience = text_of(claims, "aud");
    if (issuer != settings.issuer || audience != settings.audience) return std::nullopt;
    const auto user = id_of<UserId>(claims, "sub");
    const auto session = id_of<SessionId>(claims, "sid");
    const auto issued = number_of(claims, "iat");
    const auto expires = number_of(claims, "exp");
    if (!user || !session || !issued || !expires) return std::nullopt;
    // Times outside four-digit years would overflow the clock's milliseconds.
    constexpr std::int64_t kLatest = 253'402'300'799;
    const auto is_time = [](std::int64_t time) { return time >= 0 && time <= kLatest; };
    if (!is_time(*issued) || !is_time(*expires)) return std::nullopt;
    return CommonClaims{*user, *session, from_unix_seconds(*issued), from_unix_seconds(*expires)};
}

/// RFC 7519 sections 4.1.4 and 4.1.6, in whole seconds.
template <class Claims>
bool is_current(const Claims& claims, Timestamp now) {
    const Timestamp seconds = from_unix_seconds(unix_seconds(now));
    return claims.expires_at > seconds && claims.issued_at <= seconds + kClockSkew;
}

std::string json_text(std::string_view text) {
    return boost::json::serialize(boost::json::string_view(text));
}

/// Payloads are written by hand so that the members' order, and so a token's bytes, never change.
std::string common_json(const TokenSettings& settings, UserId user, SessionId session) {
    return R"({"iss":)" + json_text(settings.issuer) + R"(,"aud":)" + json_text(settings.audience) +
           R"(,"sub":")" + user.to_string() + R"(","sid":")" + session.to_string() + '"';
}

std::string times_json(Timestamp issued_at, Timestamp expires_at) {
    return R"(,"iat":)" + std::to_string(unix_seconds(issued_at)) + R"(,"exp":)" +
           std::to_string(unix_seconds(expires_at));
}

/// `<session>.<generation>`, where the session is the token's own and the generation has one
/// spelling.
std::optional<std::int64_t> generation_of(std::string_view jti, const SessionId& session) {
    const std::string prefix = session.to_string() + ".";
    if (!jti.starts_with(prefix)) return std::nullopt;
    jti.remove_prefix(prefix.size());
    std::int64_t generation = 0;
    const auto [end, error] = std::from_chars(jti.data(), jti.data() + jti.size(), generation);
    if (error != std::errc{} || end != jti.data() + jti.size()) return std::nullopt;
    if (jti.front() == '0' || generation < 1) return std::nullopt;
    return generation;
}

}  // namespace

Tokens::Tokens(TokenSettings settings) : settings_(std::move(settings)) {}

Tokens::Tokens(TokenSettings settings, std::shared_ptr<const KeySet> keys)
    : settings_(std::move(settings)), keys_(std::move(keys)) {}

std::string Tokens::make_access(UserId user, SessionId session, std::string_view username,
                                Timestamp now) const {
    return encode_jwt(keys_.get().signing(), kAccessTyp,
                      common_json(settings_, user, session) + R"(,"username":)" +
                          json_text(username) + times_json(now, now + settings_.access_lifetime) +
                          R"(,"jti":")" + base64url_encode(random_bytes(kTokenIdBytes)) + R"("})");
}

std::optional<std::string> Tokens::make_refresh(const RefreshClaims& claims,
                                                std::string_view key_id) const {
    const Key* key = find_key(keys_.get().refresh(), key_id);
    if (key == nullptr) return std::nullopt;
    return encode_jwt(*key, kRefreshTyp,
                      common_json(settings_, claims.user, claims.session) +
                          times_json(claims.issued_at, claims.expires_at) + R"(,"jti":")" +
                          claims.session.to_string() + "." + std::to_string(claims.generation) +
                          R"("})");
}

AccessClaimsPointer Tokens::check_access(std::string_view token, Timestamp now) const {
    if (token.size() > kMaxTokenSize) return nullptr;
    const std::uint64_t edition = keys_.edition();
    const VerifiedTokens::Digest digest = VerifiedTokens::digest_of(token);
    AccessClaimsPointer claims = verified_.find(digest, edition);
    const bool is_known = claims != nullptr;
    if (!is_known) claims = verify_access(token);
    if (!claims || !is_current(*claims, now)) return nullptr;
    if (!is_known) verified_.put(digest, edition, claims);
    return claims;
}

AccessClaimsPointer Tokens::verify_access(std::string_view token) const {
    const auto claims = decode_jwt(keys_.get().access(), kAccessTyp, token);
    if (!claims) return nullptr;
    const auto common = check_common(*claims, settings_);
    const auto username = text_of(*claims, "username");
    const auto id = text_of(*claims, "jti");
    if (!common || !username || !id) return nullptr;
    return std::make_shared<const AccessClaims>(
        AccessClaims{common->user, common->session, std::string(*username), std::string(*id),
                     common->issued_at, common->expires_at});
}

std::optional<RefreshClaims> Tokens::check_refresh(std::string_view token, Timestamp now) const {
    const auto claims = decode_jwt(keys_.get().refresh(), kRefreshTyp, token);
    if (!claims) return std::nullopt;
    const auto common = check_common(*claims, settings_);
    const auto jti = text_of(*claims, "jti");
    if (!common || !jti || !is_current(*common, now)) return std::nullopt;
    const auto generation = generation_of(*jti, common->session);
    if (!generation) return std::nullopt;
    return RefreshClaims{common->user, common->session, *generation, common->issued_at,
                         common->expires_at};
}

}  // namespace userd
