#include "accounts/accounts.hpp"
#include "accounts/services.hpp"

namespace userd {

Task<std::optional<TokenInfo>> Accounts::introspect(Secret token) {
    const auto claims = parts_.tokens.check_access(token.reveal(), clock_());
    if (!claims) co_return co_await introspect_refresh(token);
    const Result<SessionInfo> session =
        co_await parts_.store.read_session(claims->user, claims->session);
    if (!session) co_return std::nullopt;
    TokenInfo info;
    info.kind = TokenInfo::Kind::access;
    info.user = claims->user;
    info.session = claims->session;
    info.username = claims->username;
    info.id = claims->id;
    info.issued_at = claims->issued_at;
    info.expires_at = claims->expires_at;
    co_return info;
}

Task<std::optional<TokenInfo>> Accounts::introspect_refresh(const Secret& token) {
    const auto claims = parts_.tokens.check_refresh(token.reveal(), clock_());
    if (!claims) co_return std::nullopt;
    const Result<SessionInfo> session =
        co_await parts_.store.read_session(claims->user, claims->session);
    // An older generation is spent.
    if (!session || session->generation != claims->generation) co_return std::nullopt;
    std::string key = claims->user.to_string();
    const Result<User> user = co_await parts_.store.find_user(std::move(key));
    if (!user) co_return std::nullopt;
    TokenInfo info;
    info.kind = TokenInfo::Kind::refresh;
    info.user = claims->user;
    info.session = claims->session;
    info.username = user->state.username;
    info.id = claims->session.to_string() + "." + std::to_string(claims->generation);
    info.issued_at = claims->issued_at;
    info.expires_at = claims->expires_at;
    co_return info;
}

Task<bool> Accounts::is_service(std::string name, Secret secret) {
    co_return co_await check_service(parts_.store, std::move(name), std::move(secret));
}

Task<void> Accounts::revoke(Secret token) {
    const auto access = parts_.tokens.check_access(token.reveal(), clock_());
    const auto refresh = parts_.tokens.check_refresh(token.reveal(), clock_());
    if (!access && !refresh) co_return;
    const UserId user = access ? access->user : refresh->user;
    const SessionId session = access ? access->session : refresh->session;
    std::string reason("revoked");
    co_await parts_.store.end_session(user, session, std::move(reason));
}

}  // namespace userd
