#include "accounts/accounts.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "base/text.hpp"

namespace userd {
namespace {

constexpr int kLoginTries = 2;

std::string format_of(Argon2Settings settings) {
    return "argon2id$m=" + std::to_string(settings.memory_kib) +
           ",t=" + std::to_string(settings.iterations) + ",p=1";
}

NewUser new_user(Timestamp now, std::string username, std::string email,
                 std::string password_hash) {
    NewUser user;
    user.id = UserId::make(now);
    user.username_key = compared_form(username);
    user.username = std::move(username);
    user.email_key = compared_form(email);
    user.email = std::move(email);
    user.hash_format = hash_format(password_hash);
    user.password_hash = std::move(password_hash);
    return user;
}

}  // namespace

Accounts::Accounts(Parts parts, Argon2Settings argon2, AccountSettings settings, Clock clock)
    : parts_(parts),
      settings_(settings),
      format_(format_of(argon2)),
      decoy_hash_(example_hash(format_)),
      clock_(std::move(clock)) {}

Task<Result<User>> Accounts::register_user(Registration registration, std::string traceparent) {
    std::string username_key = compared_form(registration.username);
    std::string email_key = compared_form(registration.email);
    // A taken name is refused before a hash is spent on it; add_user decides.
    const bool taken =
        co_await parts_.store.is_taken(std::move(username_key), std::move(email_key));
    if (taken) co_return Errc::user_exists;
    Result<std::string> hash = co_await parts_.pool.hash(std::move(registration.password));
    if (!hash) co_return hash.error();
    NewUser user = new_user(clock_(), std::move(registration.username),
                            std::move(registration.email), *std::move(hash));
    Result<User> added = co_await parts_.store.add_user(std::move(user), std::move(traceparent));
    if (added) ++counts_.registrations;
    co_return added;
}

Task<Result<User>> Accounts::import_user(std::string username, std::string email,
                                         std::string password_hash) {
    NewUser user =
        new_user(clock_(), std::move(username), std::move(email), std::move(password_hash));
    std::string no_traceparent;
    Result<User> added = co_await parts_.store.add_user(std::move(user), std::move(no_traceparent));
    if (added) co_await learn_formats();
    co_return added;
}

Task<Result<Accounts::Attempt>> Accounts::verify(std::string name, Secret password) {
    std::string key = compared_form(name);
    Result<Login> login = co_await parts_.store.find_login(std::move(key));
    std::string stored = login ? login->password_hash : decoy_hash_;
    const std::string format = hash_format(stored);
    const Result<Verification> verification =
        co_await parts_.pool.verify(std::move(password), std::move(stored));
    if (!verification) co_return verification.error();
    parts_.floor.record(format, verification->took);
    Attempt attempt;
    attempt.verification = *verification;
    if (login) attempt.login = *std::move(login);
    co_return attempt;
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

Task<Result<Session>> Accounts::open_session(Login login, std::optional<Rehash> rehash) {
    OpenSession request;
    request.id = SessionId::make(clock_());
    request.user = login.user;
    request.verified_hash = std::move(login.password_hash);
    request.refresh_key_id = parts_.tokens.refresh_key_id();
    request.refresh_lifetime = settings_.refresh_lifetime;
    request.session_lifetime = settings_.session_lifetime;
    request.rehash = std::move(rehash);
    co_return co_await parts_.store.open_session(std::move(request));
}

Task<Result<TokenPair>> Accounts::log_in(std::string name, Secret password) {
    auto began = std::chrono::steady_clock::time_point::max();
    // Two logins at once may both replace a legacy hash: who comes second finds another hash than
    // the one that was verified, and tries again with it.
    for (int tries = 0; tries < kLoginTries; ++tries) {
        Secret for_rehash = password.copy();
        Secret to_verify = password.copy();
        Result<Attempt> attempt = co_await verify(name, std::move(to_verify));
        if (!attempt) co_return attempt.error();
        began = std::min(began, attempt->verification.began);
        std::optional<Login> login = std::move(attempt->login);
        if (!login || !attempt->verification.matches || login->disabled) break;
        const std::string username = login->username;
        std::string stored = login->password_hash;
        std::optional<Rehash> rehash =
            co_await make_rehash(std::move(stored), std::move(for_rehash));
        const bool replaced = rehash.has_value();
        const Result<Session> session = co_await open_session(*std::move(login), std::move(rehash));
        if (session) {
            ++counts_.logins;
            if (replaced) co_await learn_formats();
            co_return make_tokens(*session, username);
        }
    }
    ++counts_.login_failures;
    co_await wait_for_floor(began);
    co_return Errc::bad_credentials;
}

Task<void> Accounts::wait_for_floor(std::chrono::steady_clock::time_point began) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_at(began + parts_.floor.get());
    co_await timer.async_wait(boost::asio::use_awaitable);
}

Task<Result<TokenPair>> Accounts::refresh(Secret token) {
    const std::optional<RefreshClaims> claims =
        parts_.tokens.check_refresh(token.reveal(), clock_());
    if (!claims) {
        ++counts_.refresh_failures;
        co_return Errc::bad_refresh;
    }
    Rotate request;
    request.session = claims->session;
    request.user = claims->user;
    request.generation = claims->generation;
    request.refresh_key_id = parts_.tokens.refresh_key_id();
    request.refresh_lifetime = settings_.refresh_lifetime;
    request.repeat_window = settings_.repeat_window;
    const Rotation rotation = co_await parts_.store.rotate_session(std::move(request));
    switch (rotation.outcome) {
        case Rotation::Outcome::rotated:
        case Rotation::Outcome::repeated:
            ++counts_.refreshes;
            co_return make_tokens(rotation.session, rotation.username);
        case Rotation::Outcome::reused:
            ++counts_.reuses;
            log::warning(
                "refresh token reused, session ended",
                {{"user", claims->user.to_string()}, {"session", claims->session.to_string()}});
            break;
        case Rotation::Outcome::refused:
            break;
    }
    ++counts_.refresh_failures;
    co_return Errc::bad_refresh;
}

Result<TokenPair> Accounts::make_tokens(const Session& session, std::string_view username) const {
    RefreshClaims claims;
    claims.user = session.user;
    claims.session = session.id;
    claims.generation = session.generation;
    claims.issued_at = session.rotated_at;
    claims.expires_at = session.expires_at;
    std::optional<std::string> refresh = parts_.tokens.make_refresh(claims, session.refresh_key_id);
    if (!refresh) {
        log::warning(
            "a session's refresh key is unknown here: do all replicas have the same "
            "MASTER_KEY and MASTER_KEY_PREVIOUS?",
            {{"session", session.id.to_string()}});
        return Errc::busy;
    }
    return TokenPair{
        Secret(parts_.tokens.make_access(session.user, session.id, username, clock_())),
        Secret(*std::move(refresh)),
    };
}

Task<Result<Profile>> Accounts::profile(std::string token) {
    const std::optional<AccessClaims> claims = parts_.tokens.check_access(token, clock_());
    if (!claims) co_return Errc::bad_token;
    Result<Profile> profile = co_await parts_.store.read_profile(claims->user, claims->session);
    if (!profile) co_return Errc::bad_token;
    co_return profile;
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
        if (verification) parts_.floor.record(format, verification->took);
    }
}

}  // namespace userd
