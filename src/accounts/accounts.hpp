#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/attempt_limits.hpp"
#include "accounts/audit_queue.hpp"
#include "accounts/refusal.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/errc.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "passwords/breach_check.hpp"
#include "passwords/failure_floor.hpp"
#include "passwords/hash_pool.hpp"
#include "store/store.hpp"
#include "tokens/tokens.hpp"

namespace userd {

struct AccountSettings {
    std::chrono::seconds refresh_lifetime{std::chrono::days{7}};
    std::chrono::seconds session_lifetime{std::chrono::days{30}};
    std::chrono::seconds repeat_window{10};
    int max_sessions = 50;  ///< of one user
};

/// Already checked against the rules of registration (http/validation.hpp).
struct Registration {
    std::string username;
    std::string email;
    Secret password;
};

struct TokenPair {
    Secret access;
    Secret refresh;
};

struct OwnSessions {
    SessionId current;  ///< the one that asks
    std::vector<SessionInfo> all;
};

struct TokenInfo {
    enum class Kind { access, refresh };
    Kind kind = Kind::access;
    UserId user;
    SessionId session;
    std::string username;
    std::string id;  ///< jti
    Timestamp issued_at;
    Timestamp expires_at;
};

/// Read at any time from any thread.
struct AccountCounts {
    std::atomic<std::uint64_t> registrations{0};
    std::atomic<std::uint64_t> logins{0};
    std::atomic<std::uint64_t> login_failures{0};
    std::atomic<std::uint64_t> refreshes{0};
    std::atomic<std::uint64_t> refresh_failures{0};
    std::atomic<std::uint64_t> reuses{0};
    std::atomic<std::uint64_t> limited{0};  ///< logins and registrations answered with 429
};

/// What a user can do. Thread-safe; holds references to parts that outlive it. StoreUnavailable
/// passes through every operation.
class Accounts {
  public:
    struct Parts {
        Store& store;
        const Hasher& hasher;
        HashPool& pool;
        FailureFloor& floor;
        AttemptLimits& limits;
        const Tokens& tokens;
        BreachCheck* breaches = nullptr;  ///< null: passwords are not checked
        AuditQueue* audit = nullptr;      ///< hears of failed logins; null: nobody does
    };
    Accounts(Parts parts, Argon2Settings argon2, AccountSettings settings,
             Clock clock = system_now);

    /// user_exists, breached_password, too_many_attempts, busy.
    Task<Guarded<User>> register_user(Registration registration, std::string traceparent,
                                      Client client);
    /// A user with a hash made elsewhere (is_supported_hash). user_exists.
    Task<Guarded<User>> import_user(std::string username, std::string email,
                                    std::string password_hash);

    /// `name` is a username or an e-mail. bad_credentials, answered no sooner than FailureFloor
    /// says, whatever was wrong; too_many_attempts; busy.
    Task<Guarded<TokenPair>> log_in(std::string name, Secret password, Client client);
    /// bad_refresh; busy, when the session's key is one that another replica has and this one not
    /// yet. A reused token ends its session.
    Task<Result<TokenPair>> refresh(Secret token, Client client);
    /// bad_token.
    Task<Result<Profile>> profile(std::string token);

    /// The token's user's live sessions, the last used first. bad_token.
    Task<Result<OwnSessions>> sessions(std::string token);
    /// Ends one of the user's own. bad_token, not_found.
    Task<Result<void>> end_session(std::string token, SessionId session);
    /// Ends the token's session, or with `everywhere` all of the user's. bad_token.
    Task<Result<void>> log_out(std::string token, bool everywhere);

    /// What a token of either kind says, if it is good now (RFC 7662).
    Task<std::optional<TokenInfo>> introspect(Secret token);
    /// Ends the token's session; of a token that is no good, nothing (RFC 7009).
    Task<void> revoke(Secret token);

    /// Tells the failure floor which formats exist, and measures those it does not know. To be
    /// called at the start and now and then.
    Task<void> learn_formats();

    /// Whether these are the credentials of a service that may introspect and revoke.
    Task<bool> is_service(std::string name, Secret secret);

    [[nodiscard]] const AccountCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] const TokenSettings& token_settings() const noexcept {
        return parts_.tokens.settings();
    }
    [[nodiscard]] std::string jwks() const { return parts_.tokens.jwks(); }
    [[nodiscard]] std::chrono::seconds jwks_max_age() const noexcept {
        return parts_.tokens.jwks_max_age();
    }

  private:
    /// bad_credentials no sooner than the floor says, busy. `found` is what `key` names.
    Task<Result<TokenPair>> try_login(std::string key, Result<Login> found, Secret password,
                                      Client client);
    Task<Result<Verification>> verify(std::string stored, Secret password);
    /// The claims of an access token whose session is live. bad_token.
    Task<Result<AccessClaims>> authenticate(std::string token);
    Task<std::optional<TokenInfo>> introspect_refresh(const Secret& token);
    Task<Result<Session>> open_session(Login login, std::optional<Rehash> rehash, Client client);
    void audit_failure(const std::optional<UserId>& user, std::string_view reason,
                       const std::string& address);
    Task<bool> is_breached(const Secret& password);
    Task<std::optional<Rehash>> make_rehash(std::string stored, Secret password);
    Task<void> wait_for_floor(std::chrono::steady_clock::time_point began);
    [[nodiscard]] Result<TokenPair> make_tokens(const Session& session,
                                                std::string_view username) const;

    Parts parts_;
    AccountSettings settings_;
    std::string format_;      ///< of fresh hashes
    std::string decoy_hash_;  ///< verified against when there is no such user
    Clock clock_;
    AccountCounts counts_;
};

}  // namespace userd
