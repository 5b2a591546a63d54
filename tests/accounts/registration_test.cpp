#include "accounts/accounts_fixture.hpp"
#include "support/gate.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class RegistrationTest : public AccountsFixture {};

TEST_F(RegistrationTest, MakesAUserAndOneEvent) {
    Registration registration;
    registration.username = "Ada";
    registration.email = "Ada@example.org";
    registration.password = Secret(std::string_view(kPassword));
    const std::string traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const User user =
        run_task(accounts_.register_user(std::move(registration), traceparent, Client())).value();
    EXPECT_EQ(user.state, (UserState{"Ada", "Ada@example.org", clock_.now(), clock_.now(), false}));
    ASSERT_THAT(events(), SizeIs(1));
    const Event event = events().front();
    EXPECT_EQ(event.type, EventType::user_registered);
    EXPECT_EQ(event.user, user.id);
    EXPECT_EQ(event.version, 1);
    EXPECT_EQ(event.state, user.state);
    EXPECT_EQ(event.traceparent, traceparent);
    EXPECT_EQ(accounts_.counts().registrations, 1U);
}

TEST_F(RegistrationTest, KeepsTheHashAndNotThePassword) {
    ada();
    EXPECT_THAT(stored_hash("ada"), StartsWith("$argon2id$v=19$m=8,t=1,p=1$"));
    add("Bob", "bob@example.org").value();
    EXPECT_NE(stored_hash("ada"), stored_hash("bob"));
}

TEST_F(RegistrationTest, OfATakenNameOrEmailIsRefusedInAnyCaseBeforeAnyHash) {
    ada();
    const auto hashed = pool_.stats().done;
    for (const auto& [username, email] :
         {std::pair("Ada", "other@example.org"), std::pair("aDA", "other@example.org"),
          std::pair("Other", "Ada@example.org"), std::pair("Other", "ADA@EXAMPLE.ORG")}) {
        const Result<User> user = add(username, email);
        ASSERT_FALSE(user) << username << " " << email;
        EXPECT_EQ(user.error(), Errc::user_exists);
    }
    EXPECT_EQ(pool_.stats().done, hashed);
    EXPECT_THAT(events(), SizeIs(1));
    EXPECT_EQ(accounts_.counts().registrations, 1U);
    EXPECT_TRUE(add("Other", "other@example.org"));
}

TEST_F(RegistrationTest, OfOneNameAtOnceSucceedsOnce) {
    std::vector<std::function<Task<Guarded<User>>()>> starts;
    for (int i = 0; i < 12; ++i)
        starts.emplace_back([this, i] {
            Registration registration;
            registration.username = i % 2 == 0 ? "Ada" : "ADA";
            registration.email = "ada" + std::to_string(i) + "@example.org";
            registration.password = Secret(std::string_view(kPassword));
            return accounts_.register_user(std::move(registration), "", Client());
        });
    const auto together = run_together(starts);
    EXPECT_THAT(together.failures, IsEmpty());
    ASSERT_EQ(together.values.size(), 12U);
    int added = 0;
    for (const Guarded<User>& user : together.values) {
        if (user)
            ++added;
        else
            EXPECT_EQ(user.error().error, Errc::user_exists);
    }
    EXPECT_EQ(added, 1);
    EXPECT_THAT(events(), SizeIs(1));
    EXPECT_TRUE(log_in("ada"));
}

TEST_F(RegistrationTest, OfADeletedUsersNameMakesAnother) {
    const User first = ada();
    run_task(store_->delete_user(first.id)).value();
    const User second = ada();
    EXPECT_NE(first.id, second.id);
    EXPECT_EQ(second.version, 1);
}

TEST_F(RegistrationTest, ByImportKeepsTheHashAsItIs) {
    const User user =
        run_task(accounts_.import_user("old", "old@example.org", kDjangoHash)).value();
    EXPECT_EQ(stored_hash("old"), kDjangoHash);
    ASSERT_THAT(events(), SizeIs(1));
    EXPECT_EQ(events().front().state, user.state);
    const Guarded<User> again =
        run_task(accounts_.import_user("OLD", "new@example.org", kBcryptHash));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().error, Errc::user_exists);
    EXPECT_EQ(stored_hash("old"), kDjangoHash);
}

/// A pool whose only thread stands still after `free` jobs, and whose queue takes nobody.
class FullPool : public AccountsFixture {
  protected:
    FullPool() : AccountsFixture({.threads = 1, .queue = 0, .deadline = std::chrono::hours(1)}) {}

    void fill() {
        pool_.observe(gate_.observer());
        running_ = std::make_unique<Stepped<Result<std::string>>>(
            pool_.hash(Secret(std::string_view("x"))));
        gate_.await(1);
    }
    void TearDown() override {
        gate_.open();
        running_->finish().value();
    }

    Gate gate_;
    std::unique_ptr<Stepped<Result<std::string>>> running_;
};

TEST_F(FullPool, IsBusyAndNothingIsWritten) {
    fill();
    const Result<User> user = add("Ada", "ada@example.org");
    ASSERT_FALSE(user);
    EXPECT_EQ(user.error(), Errc::busy);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_THAT(run_task(store_->list_users(Page{})), IsEmpty());
    EXPECT_FALSE(run_task(store_->is_taken("ada", "ada@example.org")));
    EXPECT_EQ(accounts_.counts().registrations, 0U);
    gate_.open();
    while (pool_.stats().running > 0)
        std::this_thread::yield();
    EXPECT_TRUE(add("Ada", "ada@example.org"));
}

TEST_F(FullPool, ATakenNameIsToldEvenThen) {
    add_legacy("ada", kBcryptHash);
    fill();
    const Result<User> user = add("Ada", "other@example.org");
    ASSERT_FALSE(user);
    EXPECT_EQ(user.error(), Errc::user_exists);
}

TEST_F(FullPool, LoginsAreBusyWhoeverAsks) {
    add_legacy("ada", kBcryptHash);
    fill();
    for (const char* const name : {"ada", "nobody"}) {
        const Result<TokenPair> tokens = log_in(name);
        ASSERT_FALSE(tokens) << name;
        EXPECT_EQ(tokens.error(), Errc::busy) << name;
    }
    EXPECT_EQ(run_task(store_->count_sessions()), 0);
    EXPECT_EQ(stored_hash("ada"), kBcryptHash);
    EXPECT_EQ(accounts_.counts().login_failures, 0U);
    EXPECT_EQ(accounts_.counts().logins, 0U);
}

}  // namespace
}  // namespace userd
