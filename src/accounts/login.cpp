#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "accounts/accounts.hpp"
#include "base/text.hpp"

namespace userd {
namespace {

// Two logins at once may both replace a legacy hash: who comes second finds another hash than the
// one that was verified, and tries again with it.
constexpr int kTries = 2;

}  // namespace

Task<Guarded<TokenPair>> Accounts::log_in(std::string name, Secret password, Client client) {
    const std::string key = compared_form(name);
    Result<Login> found = co_await parts_.store.find_login(key);
    std::optional<UserId> user;
    if (found) user = found->user;
    const AttemptLimits::Login attempt =
        co_await parts_.limits.begin_login(key, user, client.address);
    if (attempt.retry_after.count() > 0) {
        ++counts_.limited;
        audit_failure(user, "limited", client.address);
        co_return Refusal::too_many(attempt.retry_after);
    }
    const std::string address = client.address;
    Result<TokenPair> tokens =
        co_await try_login(key, std::move(found), std::move(password), std::move(client));
    if (tokens) {
        co_await parts_.limits.login_succeeded(attempt);
        ++counts_.logins;
        co_return *std::move(tokens);
    }
    if (tokens.error() != Errc::bad_credentials) co_return tokens.error();
    ++counts_.login_failures;
    audit_failure(user, "bad_credentials", address);
    const std::chrono::seconds retry_after = co_await parts_.limits.login_failed(attempt);
    if (retry_after.count() == 0) co_return Errc::bad_credentials;
    ++counts_.limited;
    co_return Refusal::too_many(retry_after);
}

void Accounts::audit_failure(const std::optional<UserId>& user, std::string_view reason,
                             const std::string& address) {
    if (parts_.audit == nullptr) return;
    AuditEvent event;
    event.time = clock_();
    event.id = EventId::make(event.time);
    event.type = AuditType::login_failed;
    event.user = user;
    event.reason = reason;
    event.network = client_network(address);
    parts_.audit->push(std::move(event));
}

Task<Result<TokenPair>> Accounts::try_login(std::string key, Result<Login> found, Secret password,
                                            Client client) {
    auto began = std::chrono::steady_clock::time_point::max();
    for (int tries = 1;; ++tries) {
        std::string stored = found ? found->password_hash : decoy_hash_;
        Secret to_verify = password.copy();
        const Result<Verification> verification = co_await verify(stored, std::move(to_verify));
        if (!verification) co_return verification.error();
        began = std::min(began, verification->began);
        if (!found || !verification->matches || found->disabled) break;
        Secret to_hash = password.copy();
        std::optional<Rehash> rehash = co_await make_rehash(std::move(stored), std::move(to_hash));
        const bool is_replaced = rehash.has_value();
        const std::string username = found->username;
        const Result<Session> session =
            co_await open_session(*std::move(found), std::move(rehash), client);
        if (session) {
            if (is_replaced) co_await learn_formats();
            co_return make_tokens(*session, username);
        }
        if (tries == kTries) break;
        found = co_await parts_.store.find_login(key);
    }
    co_await wait_for_floor(began);
    co_return Errc::bad_credentials;
}

Task<Result<Verification>> Accounts::verify(std::string stored, Secret password) {
    const std::string format = hash_format(stored);
    const Result<Verification> verification =
        co_await parts_.pool.verify(std::move(password), std::move(stored));
    if (verification)
        parts_.floor.record(format, verification->took, verification->in_fresh_memory);
    co_return verification;
}

Task<std::optional<Rehash>> Accounts::make_rehash(std::string stored, Secret password) {
    if (!parts_.hasher.needs_rehash(stored)) co_return std::nullopt;
    Result<std::string> hash = co_await parts_.pool.hash(std::move(password));
    // A full pool costs the upgrade, not the login; the next login tries again.
    if (!hash) co_return std::nullopt;
    Rehash rehash;
    rehash.hash_format = hash_format(*hash);
    rehash.password_hash = *std::move(hash);
    co_return rehash;
}

Task<Result<Session>> Accounts::open_session(Login login, std::optional<Rehash> rehash,
                                             Client client) {
    OpenSession request;
    request.id = SessionId::make(clock_());
    request.user = login.user;
    request.verified_hash = std::move(login.password_hash);
    request.refresh_key_id = parts_.tokens.refresh_key_id();
    request.refresh_lifetime = settings_.refresh_lifetime;
    request.session_lifetime = settings_.session_lifetime;
    request.rehash = std::move(rehash);
    request.client = std::move(client);
    request.max_sessions = settings_.max_sessions;
    co_return co_await parts_.store.open_session(std::move(request));
}

Task<void> Accounts::wait_for_floor(std::chrono::steady_clock::time_point began) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_at(began + parts_.floor.get());
    co_await timer.async_wait(boost::asio::use_awaitable);
}

Task<void> Accounts::learn_formats() {
    std::vector<std::string> formats = co_await parts_.store.hash_formats();
    // Unknown users are verified against a fresh hash's format, so it always counts.
    formats.push_back(format_);
    parts_.floor.set_formats(formats);
    for (const std::string& format : parts_.floor.unmeasured()) {
        std::string stored = example_hash(format);
        if (stored.empty()) continue;
        Secret password(std::string_view("measured"));
        const Result<Verification> verification =
            co_await parts_.pool.verify(std::move(password), std::move(stored));
        if (verification)
            parts_.floor.record(format, verification->took, verification->in_fresh_memory);
    }
}

}  // namespace userd
