#include "store/store_contract.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;

class SessionSweeping : public StoreContract {
  protected:
    Session open_for(const User& user, std::chrono::seconds lifetime) {
        OpenSession request = opening(user);
        request.refresh_lifetime = lifetime;
        return try_open(std::move(request)).value();
    }
    SessionSweep sweep(const SessionId& from, int rows) {
        return run_task(store_->sweep_sessions(from, rows));
    }
    /// A walk from the beginning. `steps` is how many it took; -1 if it did not end in 1000.
    int walk(int rows, int& steps) {
        int removed = 0;
        SessionId from;
        for (steps = 1; steps <= 1000; ++steps) {
            const SessionSweep done = sweep(from, rows);
            removed += done.removed;
            if (done.next == SessionId()) return removed;
            EXPECT_GT(done.next, from) << "a step goes on";
            from = done.next;
        }
        steps = -1;
        return removed;
    }
};

INSTANTIATE_TEST_SUITE_P(Backends, SessionSweeping, testing::ValuesIn(backends()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(SessionSweeping, StepsRemoveEveryExpiredSessionAndNoOther) {
    const User user = ada();
    std::vector<Session> living;
    for (int i = 0; i < 7; ++i) {
        if (i % 2 == 0)
            open_for(user, 60s);
        else
            living.push_back(open(user));
    }
    clock_.advance(10min);
    int steps = 0;
    EXPECT_EQ(walk(2, steps), 4);
    EXPECT_EQ(steps, 4) << "seven sessions in steps of two";
    EXPECT_EQ(walk(2, steps), 0);
    EXPECT_EQ(steps, 2) << "three are left";
    for (const Session& session : living) {
        EXPECT_TRUE(serves_profile(session));
        EXPECT_EQ(rotate(session, 1).outcome, Rotation::Outcome::rotated);
    }
}

TEST_P(SessionSweeping, StepLooksAtNoMoreThanItsRows) {
    const User user = ada();
    for (int i = 0; i < 5; ++i)
        open_for(user, 60s);
    clock_.advance(10min);
    EXPECT_EQ(sweep(SessionId(), 3).removed, 3);
    const SessionSweep rest = sweep(SessionId(), 2);
    EXPECT_EQ(rest.removed, 2);
    EXPECT_EQ(rest.next, SessionId()) << "nothing follows, so the walk is at its end";
}

TEST_P(SessionSweeping, SessionIsKeptForAWhileAfterItExpired) {
    const Session session = open_for(ada(), 60s);
    clock_.advance(session.expires_at - clock_.now() + kSweepDelay - 1ms);
    EXPECT_EQ(sweep(SessionId(), 10).removed, 0);
    clock_.advance(1ms);
    EXPECT_EQ(sweep(SessionId(), 10).removed, 1);
}

TEST_P(SessionSweeping, EndedSessionIsKeptUntilItsTokenHasExpired) {
    const User user = ada();
    const Session session = open(user);
    ASSERT_TRUE(run_task(store_->end_session(user.id, session.id, "logout")));
    clock_.advance(std::chrono::days(1));
    EXPECT_EQ(sweep(SessionId(), 10).removed, 0);
    clock_.advance(std::chrono::days(7));
    EXPECT_EQ(sweep(SessionId(), 10).removed, 1);
}

TEST_P(SessionSweeping, CursorBehindTheLastSessionEndsTheWalk) {
    open_for(ada(), 60s);
    clock_.advance(10min);
    SessionId last;
    last.bytes.fill(0xff);
    const SessionSweep swept = sweep(last, 10);
    EXPECT_EQ(swept.next, SessionId());
    EXPECT_EQ(swept.removed, 0);
}

TEST_P(SessionSweeping, CursorAtASessionThatIsGoneGoesOn) {
    const User user = ada();
    std::vector<SessionId> ids;
    for (int i = 0; i < 3; ++i)
        ids.push_back(open_for(user, 60s).id);
    std::sort(ids.begin(), ids.end());
    clock_.advance(10min);
    EXPECT_EQ(sweep(ids[1], 1).removed, 1) << "from the cursor on, the cursor's own included";
    EXPECT_EQ(sweep(ids[1], 1).removed, 1);
    EXPECT_EQ(sweep(ids[1], 1).removed, 0);
    EXPECT_EQ(sweep(SessionId(), 1).removed, 1);
}

TEST_P(SessionSweeping, WalkEndsEvenInStepsWithoutRows) {
    const User user = ada();
    for (int i = 0; i < 3; ++i)
        open_for(user, 60s);
    clock_.advance(10min);
    int steps = 0;
    EXPECT_EQ(walk(0, steps), 3);
    EXPECT_NE(steps, -1);
}

}  // namespace
}  // namespace userd
