#include <gmock/gmock.h>

#include "store/store_contract.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using Outcome = Rotation::Outcome;

bool is_whole_second(Timestamp time) {
    return unix_millis(time) % 1000 == 0;
}

bool same_row(const Session& a, const Session& b) {
    return a.id == b.id && a.user == b.user && a.generation == b.generation &&
           a.refresh_key_id == b.refresh_key_id && a.rotated_at == b.rotated_at &&
           a.expires_at == b.expires_at && a.ends_at == b.ends_at;
}

TEST_P(StoreContract, SessionOpensWithGenerationOneAndWholeSeconds) {
    const Session session = open(ada());
    EXPECT_EQ(session.generation, 1);
    EXPECT_EQ(session.refresh_key_id, "key-1");
    EXPECT_TRUE(is_whole_second(session.rotated_at));
    EXPECT_EQ(session.expires_at - session.rotated_at, std::chrono::days(7));
    EXPECT_EQ(session.ends_at - session.rotated_at, std::chrono::days(30));
    EXPECT_EQ(run_task(store_->count_sessions()), 1);
}

TEST_P(StoreContract, FirstTokenNeverOutlivesItsSession) {
    OpenSession request = opening(ada());
    request.session_lifetime = std::chrono::days(2);
    const Session session = try_open(request).value();
    EXPECT_EQ(session.expires_at, session.ends_at);
}

TEST_P(StoreContract, SessionNeedsTheVerifiedHashAnEnabledUserAndOneThatExists) {
    const User user = ada();
    OpenSession stale = opening(user);
    stale.verified_hash = "hash-0";
    EXPECT_EQ(try_open(stale).error(), Errc::bad_credentials);
    EXPECT_TRUE(run_task(store_->set_disabled(user.id, true)));
    EXPECT_EQ(try_open(opening(user)).error(), Errc::bad_credentials);
    EXPECT_TRUE(run_task(store_->delete_user(user.id)));
    EXPECT_EQ(try_open(opening(user)).error(), Errc::bad_credentials);
    EXPECT_EQ(run_task(store_->count_sessions()), 0);
}

TEST_P(StoreContract, RehashReplacesTheHashWithoutBeingAChangeOfTheUser) {
    const User user = ada();
    OpenSession request = opening(user);
    request.rehash = Rehash{"hash-2", "format-2"};
    ASSERT_TRUE(try_open(request));
    EXPECT_EQ(run_task(store_->find_login("ada"))->password_hash, "hash-2");
    EXPECT_THAT(run_task(store_->hash_formats()), testing::ElementsAre("format-2"));
    EXPECT_EQ(run_task(store_->find_user("ada"))->version, 1);
    EXPECT_EQ(waiting().size(), 1U);
}

TEST_P(StoreContract, RefusedSessionDoesNotRehash) {
    OpenSession request = opening(ada());
    request.verified_hash = "hash-0";
    request.rehash = Rehash{"hash-2", "format-2"};
    ASSERT_FALSE(try_open(request));
    EXPECT_EQ(run_task(store_->find_login("ada"))->password_hash, "hash-1");
}

TEST_P(StoreContract, RotationMakesTheNextGeneration) {
    const Session first = open(ada());
    clock_.advance(1h);
    const Rotation rotation = rotate(first, 1);
    ASSERT_EQ(rotation.outcome, Outcome::rotated);
    EXPECT_EQ(rotation.username, "Ada");
    EXPECT_EQ(rotation.session.id, first.id);
    EXPECT_EQ(rotation.session.user, first.user);
    EXPECT_EQ(rotation.session.generation, 2);
    EXPECT_EQ(rotation.session.refresh_key_id, "key-2");
    EXPECT_EQ(rotation.session.rotated_at, first.rotated_at + 1h);
    EXPECT_EQ(rotation.session.expires_at, first.expires_at + 1h);
    EXPECT_EQ(rotation.session.ends_at, first.ends_at);
}

TEST_P(StoreContract, RotationNeverGoesBeyondTheSessionsEnd) {
    const Session session = open(ada());
    for (std::int64_t generation = 1; generation <= 5; ++generation) {
        clock_.advance(std::chrono::days(5));
        const Rotation rotation = rotate(session, generation);
        ASSERT_EQ(rotation.outcome, Outcome::rotated);
        EXPECT_LE(rotation.session.expires_at, session.ends_at);
        EXPECT_TRUE(is_whole_second(rotation.session.rotated_at));
    }
    clock_.advance(std::chrono::days(5));
    EXPECT_EQ(rotate(session, 6).outcome, Outcome::refused);
}

TEST_P(StoreContract, RetryWithinTheWindowRepeatsTheSuccessorUnchanged) {
    const Session session = open(ada());
    const Rotation rotated = rotate(session, 1);
    for (int i = 0; i < 2; ++i) {
        clock_.advance(5s);
        Rotate retry = rotation_of(session, 1);
        retry.refresh_key_id = "key-3";
        const Rotation repeated = run_task(store_->rotate_session(retry));
        ASSERT_EQ(repeated.outcome, Outcome::repeated);
        EXPECT_TRUE(same_row(repeated.session, rotated.session));
        EXPECT_EQ(repeated.username, "Ada");
    }
    EXPECT_EQ(rotate(session, 2).outcome, Outcome::rotated) << "repeats do not use it up";
}

TEST_P(StoreContract, RetryInTheMillisecondAfterTheWindowEndsTheSession) {
    const Session session = open(ada());
    rotate(session, 1);
    clock_.advance(10s);
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::repeated);
    clock_.advance(1ms);
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::reused);
    EXPECT_FALSE(serves_profile(session));
    EXPECT_EQ(rotate(session, 2).outcome, Outcome::refused) << "the thief's successor is dead too";
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::refused) << "it ends once";
    EXPECT_EQ(run_task(store_->count_sessions()), 0);
}

TEST_P(StoreContract, UsedSuccessorMakesTheRetryAReuseEvenWithinTheWindow) {
    const Session session = open(ada());
    rotate(session, 1);
    rotate(session, 2);
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::reused);
    EXPECT_FALSE(serves_profile(session));
}

TEST_P(StoreContract, ImpossibleGenerationsAreRefusedAndDoNoHarm) {
    const Session session = open(ada());
    for (const std::int64_t generation :
         {std::int64_t{-1}, std::int64_t{0}, std::int64_t{2}, std::int64_t{100},
          std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
        EXPECT_EQ(rotate(session, generation).outcome, Outcome::refused) << generation;
    EXPECT_TRUE(serves_profile(session));
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::rotated);
}

TEST_P(StoreContract, SessionOfAnotherUserIsRefusedAndDoesNoHarm) {
    const Session session = open(ada());
    Session claimed = session;
    claimed.user = add("bob", "bob@example.org")->id;
    EXPECT_EQ(rotate(claimed, 1).outcome, Outcome::refused);
    EXPECT_FALSE(serves_profile(claimed));
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::rotated);
}

TEST_P(StoreContract, UnknownSessionIsRefused) {
    Session session = open(ada());
    session.id = SessionId::make(clock_.now());
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::refused);
    EXPECT_FALSE(serves_profile(session));
}

TEST_P(StoreContract, SessionExpiresAtItsSecondNotAfterIt) {
    const Session session = open(ada());
    clock_.advance(session.expires_at - clock_.now() - 1ms);
    EXPECT_TRUE(serves_profile(session));
    EXPECT_EQ(run_task(store_->count_sessions()), 1);
    clock_.advance(1ms);
    EXPECT_FALSE(serves_profile(session));
    EXPECT_EQ(run_task(store_->count_sessions()), 0);
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::refused);
}

TEST_P(StoreContract, OldTokenOfAnExpiredSessionIsNoReuse) {
    const Session session = open(ada());
    rotate(session, 1);
    clock_.advance(std::chrono::days(8));
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::refused);
}

TEST_P(StoreContract, DisablingEndsEverySessionForGood) {
    const User user = ada();
    const Session one = open(user);
    const Session two = open(user);
    const Session others = open(add("bob", "bob@example.org").value());
    ASSERT_TRUE(run_task(store_->set_disabled(user.id, true)));
    ASSERT_TRUE(run_task(store_->set_disabled(user.id, false)));
    for (const Session& session : {one, two}) {
        EXPECT_FALSE(serves_profile(session));
        EXPECT_EQ(rotate(session, 1).outcome, Outcome::refused);
    }
    EXPECT_TRUE(serves_profile(others));
    EXPECT_TRUE(try_open(opening(user)));
}

TEST_P(StoreContract, DeletingTheUserEndsTheSessions) {
    const User user = ada();
    const Session session = open(user);
    ASSERT_TRUE(run_task(store_->delete_user(user.id)));
    EXPECT_FALSE(serves_profile(session));
    EXPECT_EQ(rotate(session, 1).outcome, Outcome::refused);
    EXPECT_EQ(run_task(store_->count_sessions()), 0);
}

TEST_P(StoreContract, ProfileIsTheUsersNewestState) {
    const User user = ada();
    const Session session = open(user);
    clock_.advance(1h);
    ASSERT_TRUE(run_task(store_->set_email(user.id, "new@example.org", "new@example.org")));
    const Result<Profile> profile = run_task(store_->read_profile(user.id, session.id));
    ASSERT_TRUE(profile);
    EXPECT_EQ(profile->username, "Ada");
    EXPECT_EQ(profile->email, "new@example.org");
    EXPECT_EQ(profile->created_at, user.state.created_at);
    EXPECT_EQ(profile->updated_at, clock_.now());
}

}  // namespace
}  // namespace userd
