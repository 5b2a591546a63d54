#include "accounts/accounts_fixture.hpp"
#include "support/gate.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class LoginTest : public AccountsFixture {
  protected:
    using AccountsFixture::AccountsFixture;

    void set_disabled(const User& user, bool disabled) {
        run_task(store_->set_disabled(user.id, disabled)).value();
    }
};

TEST_F(LoginTest, TakesNameAndEmailInAnyCase) {
    ada();
    for (const char* const name : {"Ada", "ada", "ADA", "Ada@example.org", "aDA@EXAMPLE.ORG"}) {
        const Result<TokenPair> tokens = log_in(name);
        ASSERT_TRUE(tokens) << name;
        EXPECT_EQ(profile(tokens->access).value().username, "Ada") << name;
    }
    EXPECT_EQ(accounts_.counts().logins, 5U);
    EXPECT_EQ(run_task(store_->count_sessions()), 5);
}

TEST_F(LoginTest, IsNoChangeOfTheUser) {
    const User before = ada();
    clock_.advance(1h);
    log_in("ada").value();
    const User after = stored_user("ada");
    EXPECT_EQ(after.state, before.state);
    EXPECT_EQ(after.version, 1);
    EXPECT_THAT(events(), SizeIs(1));
}

TEST_F(LoginTest, FailuresLookAlike) {
    ada();
    set_disabled(add("Bob", "bob@example.org").value(), true);
    const auto sessions = run_task(store_->count_sessions());
    for (const auto& [name, password] :
         {std::pair("ada", "Correct horse battery staple"), std::pair("ada", ""),
          std::pair("ada@example.org", "x"), std::pair("nobody", kPassword),
          std::pair("nobody@example.org", kPassword), std::pair("", kPassword),
          std::pair("bob", kPassword), std::pair("bob", "x")}) {
        const Result<TokenPair> tokens = log_in(name, password);
        ASSERT_FALSE(tokens) << name;
        EXPECT_EQ(tokens.error(), Errc::bad_credentials) << name;
    }
    EXPECT_EQ(accounts_.counts().login_failures, 8U);
    EXPECT_EQ(run_task(store_->count_sessions()), sessions);
}

TEST_F(LoginTest, EachFailureCostsOneHash) {
    ada();
    for (const char* const name : {"ada", "nobody", "nobody@example.org", ""}) {
        const auto before = pool_.stats().done;
        EXPECT_FALSE(log_in(name, "wrong"));
        EXPECT_EQ(pool_.stats().done, before + 1) << name;
    }
}

TEST_F(LoginTest, AnEnabledUserGetsInAgain) {
    const User user = ada();
    set_disabled(user, true);
    EXPECT_FALSE(log_in("ada"));
    set_disabled(user, false);
    EXPECT_TRUE(log_in("ada"));
}

class LegacyLogin : public LoginTest, public testing::WithParamInterface<std::string> {};

TEST_P(LegacyLogin, ReplacesTheHashOnceWithoutAnEventOrANewVersion) {
    const User before = add_legacy("old", GetParam());
    clock_.advance(1h);
    EXPECT_FALSE(log_in("old", "wrong"));
    EXPECT_EQ(stored_hash("old"), GetParam());
    EXPECT_TRUE(log_in("old"));
    const std::string replaced = stored_hash("old");
    EXPECT_THAT(replaced, StartsWith("$argon2id$v=19$m=8,t=1,p=1$"));
    const User after = stored_user("old");
    EXPECT_EQ(after.state, before.state);
    EXPECT_EQ(after.version, 1);
    EXPECT_THAT(events(), SizeIs(1));
    EXPECT_TRUE(log_in("old"));
    EXPECT_EQ(stored_hash("old"), replaced);
    EXPECT_FALSE(log_in("old", "wrong"));
}

TEST_P(LegacyLogin, AtOnceFromSeveralPlacesSucceedsEachTime) {
    add_legacy("old", GetParam());
    std::vector<std::function<Task<Guarded<TokenPair>>()>> starts;
    for (int i = 0; i < 8; ++i)
        starts.emplace_back([this] { return start_login("old", kPassword); });
    const auto together = run_together(starts);
    EXPECT_THAT(together.failures, IsEmpty());
    ASSERT_EQ(together.values.size(), 8U);
    for (const Guarded<TokenPair>& tokens : together.values)
        EXPECT_TRUE(tokens);
    EXPECT_THAT(run_task(store_->hash_formats()), testing::ElementsAre("argon2id$m=8,t=1,p=1"));
}

INSTANTIATE_TEST_SUITE_P(
    Formats, LegacyLogin,
    testing::Values(kBcryptHash, kDjangoHash,
                    Hasher({16, 2}).hash(Secret(std::string_view(kPassword)))));

/// One thread and one place to wait: a login whose rehash finds both taken.
class LoginWithOnePlace : public AccountsFixture {
  protected:
    LoginWithOnePlace()
        : AccountsFixture({.threads = 1, .queue = 1, .deadline = std::chrono::hours(1)}) {}
};

TEST_F(LoginWithOnePlace, LosesTheRehashAndNotTheLoginWhenThePoolIsFull) {
    add_legacy("old", kBcryptHash);
    Gate gate;
    pool_.observe(gate.observer());
    // Held until the next job waits, so that the login cannot have asked for its rehash before.
    Stepped<Guarded<TokenPair>> login(start_login("old", kPassword));
    gate.await(1);
    Stepped<Result<std::string>> running(pool_.hash(Secret(std::string_view("x"))));
    gate.let_one();
    gate.await(2);
    Stepped<Result<std::string>> waiting(pool_.hash(Secret(std::string_view("x"))));
    EXPECT_TRUE(login.finish());
    EXPECT_EQ(stored_hash("old"), kBcryptHash);
    gate.open();
    running.finish().value();
    waiting.finish().value();
    EXPECT_TRUE(log_in("old"));
    EXPECT_NE(stored_hash("old"), kBcryptHash);
}

/// One hash after the other, so that the end of one shows that those before it were answered.
class LoginFloor : public LoginTest {
  protected:
    LoginFloor() : LoginTest({.threads = 1, .queue = 256}) {}

    /// As if some user's hash took that long.
    void set_floor(std::chrono::milliseconds floor) {
        floor_.set_formats({"argon2id$m=8,t=1,p=1", "bcrypt$12"});
        floor_.record("bcrypt$12", floor);
    }
};

TEST_F(LoginFloor, HoldsFailuresOfEveryKindAndNoSuccess) {
    ada();
    set_disabled(add("Bob", "bob@example.org").value(), true);
    set_floor(10s);
    for (const auto& [name, password] :
         {std::pair("ada", "wrong"), std::pair("nobody", kPassword), std::pair("bob", kPassword)}) {
        Stepped<Guarded<TokenPair>> login(start_login(name, password));
        EXPECT_TRUE(log_in("ada")) << name;
        login.step();
        EXPECT_FALSE(login.has_answered()) << name;
    }
}

TEST_F(LoginFloor, IsTheLeastTimeOfAFailure) {
    ada();
    set_floor(60ms);
    for (const char* const name : {"ada", "nobody"}) {
        const auto before = std::chrono::steady_clock::now();
        EXPECT_FALSE(log_in(name, "wrong"));
        EXPECT_GE(std::chrono::steady_clock::now() - before, 60ms) << name;
    }
}

TEST_F(LoginFloor, CountsAFormatFromItsFirstUserOn) {
    run_task(accounts_.learn_formats());
    EXPECT_THAT(floor_.unmeasured(), IsEmpty());
    EXPECT_GT(floor_.get(), 0ns);
    const std::string format = "pbkdf2_sha256$1000";
    floor_.record(format, 9s);
    EXPECT_LT(floor_.get(), 9s);
    run_task(accounts_.import_user("old", "old@example.org", kDjangoHash)).value();
    EXPECT_THAT(floor_.unmeasured(), IsEmpty());
    floor_.record(format, 9s);
    EXPECT_EQ(floor_.get(), 9s);
}

}  // namespace
}  // namespace userd
