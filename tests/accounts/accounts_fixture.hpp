#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounts/accounts.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "support/outbox_lease.hpp"
#include "support/run_task.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_clock.hpp"

namespace userd {

inline const char* const kPassword = "correct horse battery staple";
/// kPassword as bcrypt 4.0 and Django 5 hash it.
inline const char* const kBcryptHash =
    "$2b$04$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji";
inline const char* const kDjangoHash =
    "pbkdf2_sha256$1000$seasalt2024Xyz$9uVxizPQ3FwSGYtHLo893OD0HRitiwK8BFZuFvH+Xbs=";

/// A coroutine on a loop of its own that the test steps, and what came of it so far. Not to be
/// destroyed while another thread is to resume it: finish() first.
template <class T>
class Stepped {
  public:
    explicit Stepped(Task<T> task) {
        boost::asio::co_spawn(context_, std::move(task), [this](std::exception_ptr error, T value) {
            failure_ = error;
            answer_.emplace(std::move(value));
        });
        step();
    }
    /// Runs what can run now, without waiting.
    void step() {
        context_.restart();
        context_.poll();
    }
    /// To the end of the loop, so that no other thread touches it any more.
    T finish() {
        context_.restart();
        context_.run();
        if (failure_) std::rethrow_exception(failure_);
        return std::move(answer_).value();
    }
    [[nodiscard]] bool has_answered() const noexcept { return answer_.has_value(); }

  private:
    boost::asio::io_context context_;
    std::exception_ptr failure_;
    std::optional<T> answer_;
};

/// Accounts on a SQLite store in a temporary folder, with hashes that cost little.
class AccountsFixture : public testing::Test {
  protected:
    static constexpr Argon2Settings kCheap{8, 1};

    explicit AccountsFixture(HashPoolSettings pool = {.threads = 2, .queue = 256})
        : store_(open_store()), pool_(hasher_, pool) {}

    Result<User> add(const std::string& username, const std::string& email) {
        Registration registration;
        registration.username = username;
        registration.email = email;
        registration.password = Secret(std::string_view(kPassword));
        return plain(run_task(accounts_.register_user(std::move(registration), "", Client())));
    }
    User ada() { return add("Ada", "Ada@example.org").value(); }

    /// As an import leaves it, without measuring the hash's format.
    User add_legacy(const std::string& name, const std::string& hash) {
        NewUser user;
        user.id = UserId::make(clock_.now());
        user.username = user.username_key = name;
        user.email = user.email_key = name + "@example.org";
        user.password_hash = hash;
        user.hash_format = hash_format(hash);
        return run_task(store_->add_user(std::move(user), "")).value();
    }

    Task<Guarded<TokenPair>> start_login(const std::string& name,
                                         std::string_view password = kPassword) {
        return accounts_.log_in(name, Secret(password), Client());
    }
    Result<TokenPair> log_in(const std::string& name, std::string_view password = kPassword) {
        return plain(run_task(start_login(name, password)));
    }
    Result<TokenPair> refresh(const Secret& token) {
        return run_task(accounts_.refresh(token.copy(), Client()));
    }
    Result<Profile> profile(const Secret& token) {
        return run_task(accounts_.profile(std::string(token.reveal())));
    }

    std::vector<Event> events() {
        return run_task(store_->waiting_events(0, 1000, outbox_epoch(*store_)));
    }
    std::string stored_hash(const std::string& key) {
        return run_task(store_->find_login(key)).value().password_hash;
    }
    User stored_user(const std::string& key) { return run_task(store_->find_user(key)).value(); }

    static std::unique_ptr<Tokens> make_tokens() {
        KeySet::Parts keys;
        keys.signing = Key::from_secret(Secret(std::string(32, 'a')));
        keys.refresh = Key::from_secret(Secret(std::string(32, 'r')));
        return std::make_unique<Tokens>(TokenSettings{}, std::make_shared<KeySet>(std::move(keys)));
    }

    TemporaryFolder folder_;
    TestClock clock_;
    std::unique_ptr<Store> store_;
    Hasher hasher_{kCheap};
    HashPool pool_;
    FailureFloor floor_;
    std::unique_ptr<Tokens> tokens_ = make_tokens();
    AttemptLimits no_limits_{*store_,
                             Secret(std::string(32, 'l')),
                             {.logins = false, .registrations = false},
                             clock_.clock()};
    Accounts accounts_{{*store_, hasher_, pool_, floor_, no_limits_, *tokens_},
                       kCheap,
                       AccountSettings{},
                       clock_.clock()};

  private:
    /// Without limits a refusal has nothing to say but its reason.
    template <class T>
    static Result<T> plain(Guarded<T> guarded) {
        if (!guarded) return guarded.error().error;
        return *std::move(guarded);
    }
    std::unique_ptr<Store> open_store() {
        SqliteSettings settings;
        settings.path = folder_.path() / "userd.db";
        settings.readers = 4;
        settings.clock = clock_.clock();
        return make_sqlite_store(std::move(settings));
    }
};

}  // namespace userd
