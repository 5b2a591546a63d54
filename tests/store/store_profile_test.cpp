#include <functional>

#include "store/store_contract.hpp"
#include "support/late_answers.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;

// Each profile is read before the change too, so that a store which remembers it has it in memory.
class ProfileContract : public StoreContract {
  protected:
    Session known(const User& user) {
        const Session session = open(user);
        EXPECT_TRUE(serves_profile(session));
        EXPECT_TRUE(serves_profile(session));
        return session;
    }
    Profile profile(const Session& session) {
        return run_task(store_->read_profile(session.user, session.id)).value();
    }
};

TEST_P(ProfileContract, EveryWayToEndASessionEndsItsProfileAtOnce) {
    const User user = ada();
    const std::vector<std::pair<const char*, std::function<void(const Session&)>>> ends = {
        {"end_session",
         [&](const Session& s) { run_task(store_->end_session(user.id, s.id, "logout")); }},
        {"end_sessions", [&](const Session&) { run_task(store_->end_sessions(user.id, "all")); }},
        {"reuse",
         [&](const Session& s) {
             rotate(s, 1);
             EXPECT_TRUE(serves_profile(s));
             rotate(s, 2);
             EXPECT_EQ(rotate(s, 1).outcome, Rotation::Outcome::reused);
         }},
        {"limit",
         [&](const Session&) {
             clock_.advance(1s);
             OpenSession another = opening(user);
             another.max_sessions = 1;
             EXPECT_TRUE(try_open(another).has_value());
         }},
        {"disabled, and enabled again",
         [&](const Session&) {
             run_task(store_->set_disabled(user.id, true));
             run_task(store_->set_disabled(user.id, false));
         }},
    };
    for (const auto& [how, end] : ends) {
        SCOPED_TRACE(how);
        const Session session = known(user);
        end(session);
        EXPECT_FALSE(serves_profile(session));
    }
}

TEST_P(ProfileContract, ADisabledOrDeletedUserHasNoProfile) {
    const User user = ada();
    const Session session = known(user);
    run_task(store_->set_disabled(user.id, true));
    EXPECT_FALSE(serves_profile(session));
    run_task(store_->set_disabled(user.id, false));
    const Session another = known(user);
    run_task(store_->delete_user(user.id));
    EXPECT_FALSE(serves_profile(another));
}

TEST_P(ProfileContract, ANewEmailIsInTheNextProfileOfEverySession) {
    const User user = ada();
    const Session first = known(user);
    const Session second = known(user);
    clock_.advance(1s);
    run_task(store_->set_email(user.id, "new@example.org", "new@example.org"));
    for (const Session& session : {first, second}) {
        EXPECT_EQ(profile(session).email, "new@example.org");
        EXPECT_GT(profile(session).updated_at, profile(session).created_at);
    }
}

TEST_P(ProfileContract, ASessionEndsWithItsTimeAndLivesOnWithARotation) {
    const User user = ada();
    OpenSession brief = opening(user);
    brief.refresh_lifetime = 60s;
    const Session rotated = try_open(brief).value();
    brief.id = SessionId::make(clock_.now());
    const Session left = try_open(brief).value();
    EXPECT_TRUE(serves_profile(rotated));
    EXPECT_TRUE(serves_profile(left));
    rotate(rotated, 1);
    EXPECT_TRUE(serves_profile(rotated));
    clock_.advance(60s);
    EXPECT_TRUE(serves_profile(rotated));
    EXPECT_FALSE(serves_profile(left));
}

TEST_P(ProfileContract, ASweptSessionDoesNotComeBackWithAClockThatIsSetBack) {
    const User user = ada();
    OpenSession brief = opening(user);
    brief.refresh_lifetime = 60s;
    const Session session = try_open(brief).value();
    EXPECT_TRUE(serves_profile(session));
    clock_.advance(2min);
    EXPECT_EQ(run_task(store_->sweep_sessions(SessionId(), 100)).removed, 1);
    clock_.advance(-2min);
    EXPECT_FALSE(serves_profile(session));
}

TEST_P(ProfileContract, AnothersSessionGivesNoProfile) {
    const Session session = known(ada());
    const User bob = add("bob", "bob@example.org").value();
    known(bob);
    EXPECT_FALSE(run_task(store_->read_profile(bob.id, session.id)).has_value());
    EXPECT_TRUE(serves_profile(session));
}

TEST_P(ProfileContract, NoReadThatBeginsAfterTheEndWasAnsweredFindsTheSession) {
    const User user = ada();
    for (int round = 0; round < 30; ++round) {
        const Session session = open(user);
        const auto is_served = [&] { return serves_profile(session); };
        const auto end = [&] {
            EXPECT_TRUE(run_task(store_->end_session(user.id, session.id, "logout")));
        };
        EXPECT_EQ(late_answers(is_served, end), 0);
        EXPECT_FALSE(serves_profile(session));
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, ProfileContract, testing::ValuesIn(backends()),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
}  // namespace userd
