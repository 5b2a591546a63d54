#include <gmock/gmock.h>

#include "store/postgres_fixture.hpp"
#include "store/store_contract.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using Outcome = Rotation::Outcome;

/// Everything that is stored.
std::string dump(RawPostgres& raw) {
    std::string all;
    for (const auto& table : raw.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                                     "ORDER BY tablename"))
        all += table[0] + ": " +
               raw.value("SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t::text), '[]') FROM " +
                         table[0] + " t") +
               "\n";
    return all;
}

/// What is marked Repeat::safe is sent again when the answer to it was lost: the second run must
/// give the answer of the first and change nothing.
class PostgresRepeat : public testing::Test {
  protected:
    PostgresRepeat() : store_(make_postgres_store(database_.settings(clock_.clock()))) {
        user_ = run_task(store_->add_user(ada_, "trace")).value();
    }

    /// Gives the answers of two runs with the same arguments.
    template <class T>
    std::pair<T, T> twice(const std::function<Task<T>()>& start) {
        T first = run_task(start());
        const std::string state = dump(raw_);
        clock_.advance(std::chrono::milliseconds(1));
        T second = run_task(start());
        EXPECT_EQ(dump(raw_), state);
        return {std::move(first), std::move(second)};
    }
    void twice(const std::function<Task<void>()>& start) {
        run_task(start());
        const std::string state = dump(raw_);
        clock_.advance(std::chrono::milliseconds(1));
        run_task(start());
        EXPECT_EQ(dump(raw_), state);
    }

    [[nodiscard]] OpenSession opening() const {
        OpenSession request = make_opening(user_.id);
        return request;
    }
    void expect_same(const Result<Session>& first, const Result<Session>& second) {
        ASSERT_TRUE(first);
        ASSERT_TRUE(second);
        EXPECT_EQ(first->id, second->id);
        EXPECT_EQ(first->rotated_at, second->rotated_at);
        EXPECT_EQ(first->expires_at, second->expires_at);
        EXPECT_EQ(first->ends_at, second->ends_at);
    }
    static void expect_same(const Result<User>& first, const Result<User>& second) {
        ASSERT_TRUE(first);
        ASSERT_TRUE(second);
        EXPECT_EQ(first->id, second->id);
        EXPECT_EQ(first->version, second->version);
        EXPECT_EQ(first->state, second->state);
    }

    TestClock clock_;
    PostgresDatabase database_;
    RawPostgres raw_{database_.conninfo()};
    std::unique_ptr<Store> store_;
    const NewUser ada_ = make_new_user("Ada", "Ada@example.org");
    User user_;
};

TEST_F(PostgresRepeat, RegistrationGivesTheUserAgain) {
    const NewUser bob = make_new_user("Bob", "Bob@example.org");
    const auto [first, second] =
        twice<Result<User>>([&] { return store_->add_user(bob, "trace"); });
    expect_same(first, second);
}

TEST_F(PostgresRepeat, RegistrationOfTheSameNamesByAnotherIsNoRepetition) {
    const NewUser other = make_new_user("Ada", "Ada@example.org");
    EXPECT_EQ(run_task(store_->add_user(other, "")).error(), Errc::user_exists);
}

TEST_F(PostgresRepeat, RepeatedRegistrationNudgesTheRelay) {
    // The first run may have ended with the connection, before it came to that.
    std::atomic<int> nudges = 0;
    store_->on_event([&] { ++nudges; });
    run_task(store_->add_user(ada_, "trace"));
    store_->on_event({});
    EXPECT_EQ(nudges, 1);
}

TEST_F(PostgresRepeat, OpenedSessionIsGivenAgain) {
    const OpenSession request = opening();
    const auto [first, second] =
        twice<Result<Session>>([&] { return store_->open_session(request); });
    expect_same(first, second);
}

TEST_F(PostgresRepeat, OpenedSessionWithANewHashIsGivenAgain) {
    OpenSession request = opening();
    request.rehash = Rehash{"hash-2", "format-2"};
    const auto [first, second] =
        twice<Result<Session>>([&] { return store_->open_session(request); });
    expect_same(first, second);
}

TEST_F(PostgresRepeat, OpenedSessionEndsNoFurtherOne) {
    for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(run_task(store_->open_session(opening())));
    OpenSession request = opening();
    request.max_sessions = 3;
    const auto [first, second] =
        twice<Result<Session>>([&] { return store_->open_session(request); });
    expect_same(first, second);
    EXPECT_THAT(run_task(store_->list_sessions(user_.id)), SizeIs(3));
}

TEST_F(PostgresRepeat, SessionOfAnotherWithThatIdIsNotGiven) {
    OpenSession request = opening();
    ASSERT_TRUE(run_task(store_->open_session(request)));
    request.user = run_task(store_->add_user(make_new_user("Bob", "b@x.org"), ""))->id;
    EXPECT_EQ(run_task(store_->open_session(request)).error(), Errc::bad_credentials);
}

TEST_F(PostgresRepeat, RotationGivesItsSuccessorAgain) {
    const Session session = run_task(store_->open_session(opening())).value();
    Rotate request;
    request.session = session.id;
    request.user = user_.id;
    request.generation = 1;
    request.refresh_key_id = "key-2";
    request.refresh_lifetime = std::chrono::days(7);
    request.repeat_window = std::chrono::seconds(10);
    const Rotation first = run_task(store_->rotate_session(request));
    clock_.advance(std::chrono::milliseconds(1));
    const Rotation second = run_task(store_->rotate_session(request));
    EXPECT_EQ(first.outcome, Outcome::rotated);
    EXPECT_EQ(second.outcome, Outcome::repeated);
    EXPECT_EQ(second.session.generation, first.session.generation);
    EXPECT_EQ(second.username, first.username);
    expect_same(Result<Session>(first.session), Result<Session>(second.session));
}

TEST_F(PostgresRepeat, ChangesOfAUserAreMadeOnce) {
    const auto [first, second] = twice<Result<User>>(
        [&] { return store_->set_email(user_.id, "new@example.org", "new@example.org"); });
    expect_same(first, second);
    ASSERT_TRUE(run_task(store_->open_session(opening())));
    for (const bool disabled : {true, false}) {
        const auto [one, two] =
            twice<Result<User>>([&] { return store_->set_disabled(user_.id, disabled); });
        expect_same(one, two);
        EXPECT_EQ(one->state.disabled, disabled);
    }
    EXPECT_EQ(run_task(store_->find_user("ada"))->version, 4);
}

TEST_F(PostgresRepeat, CountersAreClearedOnce) {
    const AttemptKey key(16, 'k');
    run_task(store_->count_attempts({{key, std::chrono::seconds(60)}}));
    twice([&] { return store_->clear_attempts({key}); });
    EXPECT_EQ(run_task(store_->read_attempts({key})).at(0).count, 0);
}

TEST_F(PostgresRepeat, LeaseIsTakenAndReleasedOnce) {
    const OutboxClaim claim{"one", std::chrono::seconds(5)};
    const auto first = run_task(store_->lease_outbox(claim));
    const auto second = run_task(store_->lease_outbox(claim));
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_EQ(first->epoch, second->epoch);
    twice([&] { return store_->release_outbox(first->epoch); });
}

TEST_F(PostgresRepeat, EventsAreParkedAndRemovedOnce) {
    run_task(store_->set_disabled(user_.id, true));
    const std::int64_t epoch = outbox_epoch(*store_);
    const std::vector<Event> events = run_task(store_->waiting_events(0, 10, epoch));
    ASSERT_THAT(events, SizeIs(2));
    twice([&] { return store_->park_event(events[1].sequence, "too large", epoch); });
    twice([&] { return store_->remove_sent({events[0].sequence, events[1].sequence}, epoch); });
    EXPECT_EQ(run_task(store_->outbox_stats()).waiting, 0);
}

TEST_F(PostgresRepeat, ResendingMovesTheSameEventsToTheSameOrder) {
    run_task(store_->set_disabled(user_.id, true));
    const std::int64_t epoch = outbox_epoch(*store_);
    const auto resend = [&] {
        EXPECT_EQ(run_task(store_->resend_events({user_.id}, {Timestamp(), false})), 2);
        std::vector<Event> events = run_task(store_->waiting_events(0, 10, epoch));
        EXPECT_EQ(events.back().previous, events.front().sequence);
        for (Event& event : events)
            event.sequence = event.previous = 0;
        return events;
    };
    const std::vector<Event> once = resend();
    ASSERT_THAT(once, SizeIs(2));
    EXPECT_EQ(resend(), once);
}

TEST_F(PostgresRepeat, ReadingChangesNothing) {
    const Session session = run_task(store_->open_session(opening())).value();
    const AttemptKey key(16, 'k');
    const std::int64_t epoch = outbox_epoch(*store_);
    const std::string state = dump(raw_);
    run_task(store_->is_taken("ada", "ada@example.org"));
    run_task(store_->find_login("ada"));
    run_task(store_->find_login("ada@example.org"));
    run_task(store_->read_profile(user_.id, session.id));
    run_task(store_->read_session(user_.id, session.id));
    run_task(store_->list_sessions(user_.id));
    run_task(store_->count_sessions());
    run_task(store_->find_user(user_.id.to_string()));
    run_task(store_->find_user("ada"));
    run_task(store_->find_user("ada@example.org"));
    run_task(store_->list_users({}));
    run_task(store_->hash_formats());
    run_task(store_->read_key_ring());
    run_task(store_->key_ring_version());
    run_task(store_->find_service("none"));
    run_task(store_->list_services());
    run_task(store_->read_attempts({key}));
    run_task(store_->waiting_events(0, 10, epoch));
    run_task(store_->list_waiting(10));
    run_task(store_->outbox_stats());
    run_task(store_->list_events(0, 10, 10));
    run_task(store_->newest_events(UserId(), 10));
    run_task(store_->newest_events_of({user_.id}));
    run_task(store_->list_parked(0, 10));
    run_task(store_->read_lease());
    run_task(store_->ping());
    EXPECT_EQ(dump(raw_), state);
}

}  // namespace
}  // namespace userd
