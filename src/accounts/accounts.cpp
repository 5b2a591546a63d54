#include "accounts/accounts.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

namespace userd {
namespace {

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

Task<Guarded<User>> Accounts::register_user(Registration registration, std::string traceparent,
                                            Client client) {
    const std::chrono::seconds retry_after =
        co_await parts_.limits.count_registration(std::move(client.address));
    if (retry_after.count() > 0) {
        ++counts_.limited;
        co_return Refusal::too_many(retry_after);
    }
    std::string username_key = compared_form(registration.username);
    std::string email_key = compared_form(registration.email);
    // A taken name is refused before a hash is spent on it; add_user decides.
    const bool taken =
        co_await parts_.store.is_taken(std::move(username_key), std::move(email_key));
    if (taken) co_return Errc::user_exists;
    const bool breached = co_await is_breached(registration.password);
    if (breached) co_return Errc::breached_password;
    Result<std::string> hash = co_await parts_.pool.hash(std::move(registration.password));
    if (!hash) co_return hash.error();
    NewUser user = new_user(clock_(), std::move(registration.username),
                            std::move(registration.email), *std::move(hash));
    Result<User> added = co_await parts_.store.add_user(std::move(user), std::move(traceparent));
    if (!added) co_return added.error();
    ++counts_.registrations;
    co_return *std::move(added);
}

Task<bool> Accounts::is_breached(const Secret& password) {
    if (parts_.breaches == nullptr) co_return false;
    Secret copy = password.copy();
    co_return co_await parts_.breaches->is_breached(std::move(copy));
}

Task<Guarded<User>> Accounts::import_user(std::string username, std::string email,
                                          std::string password_hash) {
    NewUser user =
        new_user(clock_(), std::move(username), std::move(email), std::move(password_hash));
    std::string no_traceparent;
    Result<User> added = co_await parts_.store.add_user(std::move(user), std::move(no_traceparent));
    if (!added) co_return added.error();
    co_await learn_formats();
    co_return *std::move(added);
}

Task<Result<TokenPair>> Accounts::refresh(Secret token, Client client) {
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
    request.client = std::move(client);
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
    const AccessClaimsPointer claims = parts_.tokens.check_access(token, clock_());
    if (!claims) co_return Errc::bad_token;
    Result<Profile> profile = co_await parts_.store.read_profile(claims->user, claims->session);
    if (!profile) co_return Errc::bad_token;
    co_return profile;
}

}  // namespace userd
