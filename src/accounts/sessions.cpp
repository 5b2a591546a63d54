#include "accounts/accounts.hpp"

namespace userd {
namespace {

constexpr const char* kLoggedOut = "logout";

}  // namespace

Task<Result<AccessClaims>> Accounts::authenticate(std::string token) {
    const AccessClaimsPointer claims = parts_.tokens.check_access(token, clock_());
    if (!claims) co_return Errc::bad_token;
    const Result<Profile> profile =
        co_await parts_.store.read_profile(claims->user, claims->session);
    if (!profile) co_return Errc::bad_token;
    co_return *claims;
}

Task<Result<OwnSessions>> Accounts::sessions(std::string token) {
    const Result<AccessClaims> claims = co_await authenticate(std::move(token));
    if (!claims) co_return claims.error();
    OwnSessions sessions;
    sessions.current = claims->session;
    sessions.all = co_await parts_.store.list_sessions(claims->user);
    co_return sessions;
}

Task<Result<void>> Accounts::end_session(std::string token, SessionId session) {
    const Result<AccessClaims> claims = co_await authenticate(std::move(token));
    if (!claims) co_return claims.error();
    std::string reason(kLoggedOut);
    const bool ended = co_await parts_.store.end_session(claims->user, session, std::move(reason));
    if (!ended) co_return Errc::not_found;
    co_return Result<void>();
}

Task<Result<void>> Accounts::log_out(std::string token, bool everywhere) {
    const Result<AccessClaims> claims = co_await authenticate(std::move(token));
    if (!claims) co_return claims.error();
    std::string reason(kLoggedOut);
    if (everywhere)
        co_await parts_.store.end_sessions(claims->user, std::move(reason));
    else
        co_await parts_.store.end_session(claims->user, claims->session, std::move(reason));
    co_return Result<void>();
}

}  // namespace userd
