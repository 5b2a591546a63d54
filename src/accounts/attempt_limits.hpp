#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "store/store.hpp"

namespace userd {

/// How failures slow further attempts down: the first `free` cost nothing, then each doubles the
/// wait.
struct SlowDown {
    std::int64_t free = 10;
    std::chrono::seconds first_delay{1};
    std::chrono::seconds longest_delay{900};
    std::chrono::seconds window{3600};  ///< so long after the first failure all are forgotten
};

/// How long from `now` until the next attempt; zero when at once.
[[nodiscard]] std::chrono::seconds wait_after(const Attempts& failures, const SlowDown& rule,
                                              Timestamp now) noexcept;

/// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, since that is what
/// one customer gets. Nothing for what is no address.
[[nodiscard]] std::optional<std::string> address_group(std::string_view address);

struct LimitSettings {
    bool logins = true;         ///< LOGIN_LIMITS
    bool registrations = true;  ///< REGISTRATION_LIMIT
};

/// Limits on guessing passwords and on registrations, counted in the store so that they hold over
/// restarts and replicas. Thread-safe. StoreUnavailable passes through.
///
/// Failures count by name as typed (so that nothing tells which names are of one account, or of
/// any), and by client address. A client that has logged in to the account before is not held up by
/// others' failures: it has a counter of its own, and its right password gets in while that counter
/// only slows. Without a known address nothing is counted by address, so those without never share
/// a counter.
class AttemptLimits {
  public:
    AttemptLimits(Store& store, Secret key, LimitSettings settings, Clock clock = system_now);

    /// How many logins of each account, and from each address, are between begin and outcome;
    /// bounded by the hash queue.
    struct UnderWay {
        std::mutex mutex;
        std::map<AttemptKey, std::int64_t> logins;
    };

    /// A login between its begin and its outcome. While it lives it counts as one under way.
    class Login {
      public:
        Login() = default;
        Login(Login&& other) noexcept;
        Login& operator=(Login&&) = delete;
        Login(const Login&) = delete;
        Login& operator=(const Login&) = delete;
        ~Login();

        /// Above zero: too many attempts; nothing may be hashed.
        std::chrono::seconds retry_after{};

      private:
        friend class AttemptLimits;
        std::shared_ptr<UnderWay>
            under_way_;  ///< of a login under way; its coroutine may outlive us
        AttemptKey account_;
        AttemptKey tries_;     ///< of account_
        AttemptKey address_;   ///< empty when the address is unknown
        AttemptKey client_;    ///< of user and address; empty when either is unknown
        AttemptKey failures_;  ///< of client_
        Attempts account_failures_;
        Attempts client_failures_;
        Attempts successes_;  ///< of client_
    };

    /// `name` is the compared form of what was typed, `user` whom it names, `address` the client's
    /// or empty.
    Task<Login> begin_login(std::string name, std::optional<UserId> user, std::string address);
    /// Counts it. Above zero: the answer is 429, since only a right password would have been let
    /// in.
    Task<std::chrono::seconds> login_failed(const Login& login);
    Task<void> login_succeeded(const Login& login);

    /// Counts one registration; above zero: too many from there.
    Task<std::chrono::seconds> count_registration(std::string address);

  private:
    [[nodiscard]] AttemptKey key_of(std::string_view kind, std::string_view what) const;
    void judge(Login& login, const Attempts& address_failures);
    /// Refuses the login when too many are under way in all replicas together.
    Task<void> take_place(Login& login);
    /// False when too many of the account's or the address's attempts are under way already.
    bool enter(Login& login, const Attempts& address_failures);

    Store& store_;
    const Secret key_;
    const LimitSettings settings_;
    const Clock clock_;
    const std::shared_ptr<UnderWay> under_way_;
};

}  // namespace userd
