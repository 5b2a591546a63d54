#include <gmock/gmock.h>

#include "store/store_contract.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<SessionId> ids(const std::vector<SessionInfo>& sessions) {
    std::vector<SessionId> ids;
    for (const SessionInfo& session : sessions)
        ids.push_back(session.id);
    return ids;
}

TEST_P(StoreContract, SessionsAreListedTheLastUsedFirst) {
    const User user = ada();
    const Session first = open(user);
    clock_.advance(1min);
    const Session second = open(user);
    clock_.advance(1min);
    const Session third = open(user);
    EXPECT_THAT(ids(sessions_of(user)), ElementsAre(third.id, second.id, first.id));
    clock_.advance(1min);
    rotate(first, 1);
    EXPECT_THAT(ids(sessions_of(user)), ElementsAre(first.id, third.id, second.id));
}

TEST_P(StoreContract, OnlyOwnLiveSessionsAreListedAndRead) {
    const User user = ada();
    const User bob = add("bob", "bob@example.org").value();
    const Session lives = open(user);
    const Session bobs = open(bob);
    OpenSession brief = opening(user);
    brief.refresh_lifetime = 60s;
    const Session expired = try_open(brief).value();
    const Session ended = open(user);
    EXPECT_TRUE(run_task(store_->end_session(user.id, ended.id, "logout")));
    clock_.advance(60s);
    EXPECT_THAT(ids(sessions_of(user)), ElementsAre(lives.id));
    EXPECT_EQ(run_task(store_->read_session(user.id, lives.id))->id, lives.id);
    for (const SessionId& other : {bobs.id, expired.id, ended.id, SessionId()})
        EXPECT_EQ(run_task(store_->read_session(user.id, other)).error(), Errc::not_found);
    run_task(store_->set_disabled(user.id, true));
    EXPECT_THAT(sessions_of(user), IsEmpty());
    EXPECT_EQ(run_task(store_->read_session(user.id, lives.id)).error(), Errc::not_found);
}

TEST_P(StoreContract, SessionKnowsItsTimesAndTheClientOfItsNewestUse) {
    const User user = ada();
    OpenSession request = opening(user);
    request.client = {"192.0.2.1", "Agent \xc3\xa9/1"};
    const Session session = try_open(request).value();
    const Timestamp opened = clock_.now();
    SessionInfo info = sessions_of(user).at(0);
    EXPECT_EQ(info.generation, 1);
    EXPECT_EQ(info.created_at, opened);
    EXPECT_EQ(info.last_used_at, opened);
    EXPECT_EQ(info.expires_at, session.expires_at);
    EXPECT_EQ(info.client.address, "192.0.2.1");
    EXPECT_EQ(info.client.agent, "Agent \xc3\xa9/1");

    clock_.advance(1h);
    Rotate rotation = rotation_of(session, 1);
    rotation.client = {"2001:db8::1", "Agent/2"};
    const Rotation rotated = run_task(store_->rotate_session(rotation));
    clock_.advance(1s);
    rotation.client = {"203.0.113.9", "Agent/3"};
    ASSERT_EQ(run_task(store_->rotate_session(rotation)).outcome, Rotation::Outcome::repeated);
    info = run_task(store_->read_session(user.id, session.id)).value();
    EXPECT_EQ(info.generation, 2);
    EXPECT_EQ(info.created_at, opened);
    EXPECT_EQ(info.last_used_at, opened + 1h) << "a repeat is no use";
    EXPECT_EQ(info.expires_at, rotated.session.expires_at);
    EXPECT_EQ(info.client.address, "2001:db8::1") << "a repeat leaves the client";
    EXPECT_EQ(info.client.agent, "Agent/2");
}

TEST_P(StoreContract, EndedSessionServesNothingAndEndsOnce) {
    const User user = ada();
    const Session session = open(user);
    const Session other = open(user);
    EXPECT_TRUE(run_task(store_->end_session(user.id, session.id, "logout")));
    EXPECT_FALSE(run_task(store_->end_session(user.id, session.id, "logout")));
    EXPECT_FALSE(serves_profile(session));
    EXPECT_EQ(rotate(session, 1).outcome, Rotation::Outcome::refused);
    EXPECT_TRUE(serves_profile(other));
    EXPECT_EQ(run_task(store_->count_sessions()), 1);
}

TEST_P(StoreContract, SessionOfAnotherUserIsNotEnded) {
    const Session session = open(ada());
    const User bob = add("bob", "bob@example.org").value();
    EXPECT_FALSE(run_task(store_->end_session(bob.id, session.id, "logout")));
    EXPECT_EQ(run_task(store_->end_sessions(bob.id, "logout_all")), 0);
    EXPECT_TRUE(serves_profile(session));
}

TEST_P(StoreContract, UnknownAndExpiredSessionsAreNoneToEnd) {
    const User user = ada();
    const Session session = open(user);
    EXPECT_FALSE(run_task(store_->end_session(user.id, SessionId(), "logout")));
    clock_.advance(session.expires_at - clock_.now());
    EXPECT_FALSE(run_task(store_->end_session(user.id, session.id, "logout")));
    EXPECT_EQ(run_task(store_->end_sessions(user.id, "logout_all")), 0);
}

TEST_P(StoreContract, EndingAllEndsTheUsersOwnAndCountsTheLiveOnes) {
    const User user = ada();
    const Session bobs = open(add("bob", "bob@example.org").value());
    OpenSession brief = opening(user);
    brief.refresh_lifetime = 60s;
    try_open(brief).value();
    clock_.advance(60s);
    const Session gone = open(user);
    run_task(store_->end_session(user.id, gone.id, "logout"));
    const Session one = open(user);
    const Session two = open(user);
    EXPECT_EQ(run_task(store_->end_sessions(user.id, "logout_all")), 2);
    EXPECT_EQ(run_task(store_->end_sessions(user.id, "logout_all")), 0);
    EXPECT_FALSE(serves_profile(one));
    EXPECT_EQ(rotate(two, 1).outcome, Rotation::Outcome::refused);
    EXPECT_TRUE(serves_profile(bobs));
    EXPECT_TRUE(try_open(opening(user))) << "the user may log in again";
}

TEST_P(StoreContract, SessionsBeyondTheLimitEndTheLongestUnusedFirst) {
    const User user = ada();
    const Session bobs = open(add("bob", "bob@example.org").value());
    OpenSession request = opening(user);
    request.max_sessions = 3;
    std::vector<Session> opened;
    for (int i = 0; i < 3; ++i) {
        clock_.advance(1min);
        request.id = SessionId::make(system_now());
        opened.push_back(try_open(request).value());
    }
    EXPECT_EQ(sessions_of(user).size(), 3U) << "the limit itself is allowed";
    clock_.advance(1min);
    rotate(opened[0], 1);
    clock_.advance(1min);
    request.id = SessionId::make(system_now());
    try_open(request).value();
    EXPECT_THAT(ids(sessions_of(user)), ElementsAre(request.id, opened[0].id, opened[2].id));
    EXPECT_EQ(rotate(opened[1], 1).outcome, Rotation::Outcome::refused);
    EXPECT_TRUE(serves_profile(bobs));
}

TEST_P(StoreContract, SmallerLimitEndsAllThatAreTooMany) {
    const User user = ada();
    for (int i = 0; i < 5; ++i)
        open(user);
    OpenSession request = opening(user);
    request.max_sessions = 2;
    try_open(request).value();
    EXPECT_EQ(sessions_of(user).size(), 2U);
}

TEST_P(StoreContract, NewSessionStaysHoweverSmallTheLimitAndWhateverTheClock) {
    const User user = ada();
    open(user);
    clock_.advance(-1h);
    for (const int limit : {1, 0, -1}) {
        OpenSession request = opening(user);
        request.max_sessions = limit;
        const Session session = try_open(request).value();
        EXPECT_THAT(ids(sessions_of(user)), ElementsAre(session.id)) << limit;
        EXPECT_TRUE(serves_profile(session));
    }
}

TEST_P(StoreContract, ExpiredAndEndedSessionsTakeNoRoomAndRefusedOnesEndNothing) {
    const User user = ada();
    OpenSession brief = opening(user);
    brief.refresh_lifetime = 60s;
    try_open(brief).value();
    const Session oldest = open(user);
    clock_.advance(60s);
    run_task(store_->end_session(user.id, open(user).id, "logout"));
    OpenSession request = opening(user);
    request.max_sessions = 2;
    try_open(request).value();
    EXPECT_THAT(ids(sessions_of(user)), UnorderedElementsAre(oldest.id, request.id));
    OpenSession wrong = opening(user);
    wrong.max_sessions = 1;
    wrong.verified_hash = "hash-0";
    EXPECT_FALSE(try_open(wrong));
    EXPECT_EQ(sessions_of(user).size(), 2U);
}

TEST_P(StoreContract, SimultaneousLoginsLeaveAsManySessionsAsTheLimit) {
    const User user = ada();
    std::vector<std::function<Task<Result<Session>>()>> starts;
    for (int i = 0; i < 32; ++i) {
        OpenSession request = opening(user);
        request.max_sessions = 5;
        starts.emplace_back([this, request] { return store_->open_session(request); });
    }
    EXPECT_EQ(run_together(starts).values.size(), 32U);
    EXPECT_EQ(sessions_of(user).size(), 5U);
    EXPECT_EQ(run_task(store_->count_sessions()), 5);
}

}  // namespace
}  // namespace userd
