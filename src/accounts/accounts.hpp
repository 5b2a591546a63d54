#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/errc.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "passwords/failure_floor.hpp"
#include "passwords/hash_pool.hpp"
#include "store/store.hpp"
#include "tokens/tokens.hpp"

namespace userd {

struct AccountSettings {
    std::chrono::seconds refresh_lifetime{std::chrono::days{7}};
    std::chrono::seconds session_lifetime{std::chrono::days{30}};
    std::chrono::seconds repeat_window{10};
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

/// Read at any time from any thread.
struct AccountCounts {
    std::atomic<std::uint64_t> registrations{0};
    std::atomic<std::uint64_t> logins{0};
    std::atomic<std::uint64_t> login_failures{0};
    std::atomic<std::uint64_t> refreshes{0};
    std::atomic<std::uint64_t> refresh_failures{0};
    std::atomic<std::uint64_t> reuses{0};
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
        const Tokens& tokens;
    };
    Accounts(Parts parts, Argon2Settings argon2, AccountSettings settings,
             Clock clock = system_now);

    /// user_exists, busy.
    Task<Result<User>> register_user(Registration registration, std::string traceparent);
    /// A user with a hash made elsewhere (is_supported_hash). user_exists.
    Task<Result<User>> import_user(std::string username, std::string email,
                                   std::string password_hash);

    /// `name` is a username or an e-mail. bad_credentials, answered no sooner than FailureFloor
    /// says, whatever was wrong; busy.
    Task<Result<TokenPair>> log_in(std::string name, Secret password);
    /// bad_refresh; busy, when the session's key is one that another replica has and this one not
    /// yet. A reused token ends its session.
    Task<Result<TokenPair>> refresh(Secret token);
    /// bad_token.
    Task<Result<Profile>> profile(std::string token);

    /// Tells the failure floor which formats exist, and measures those it does not know. To be
    /// called at the start and now and then.
    Task<void> learn_formats();

    [[nodiscard]] const AccountCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] std::string jwks() const { return parts_.tokens.jwks(); }
    [[nodiscard]] std::chrono::seconds jwks_max_age() const noexcept {
        return parts_.tokens.jwks_max_age();
    }

  private:
    struct Attempt {
        std::optional<Login> login;
        Verification verification;
    };
    Task<Result<Attempt>> verify(std::string name, Secret password);
    Task<Result<Session>> open_session(Login login, std::optional<Rehash> rehash);
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
