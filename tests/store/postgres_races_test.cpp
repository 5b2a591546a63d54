#include <gmock/gmock.h>

#include <future>

#include "store/postgres_fixture.hpp"
#include "store/store_contract.hpp"
#include "support/outbox_lease.hpp"

namespace userd {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

/// Two replicas' operations, one of which is stopped in the middle of its transaction: `other_`
/// runs its statements one by one, the store's operation waits for it.
class PostgresRaces : public testing::Test {
  protected:
    PostgresRaces() : store_(make_postgres_store(database_.settings(clock_.clock()))) {
        user_ = run_task(store_->add_user(ada_, "")).value();
    }

    template <class T>
    std::future<T> start(std::function<Task<T>()> operation) {
        return std::async(std::launch::async, [operation] { return run_task(operation()); });
    }
    /// Until so many operations wait for locks: the first of one that `other_` holds.
    void await_waiting(int operations = 1) {
        constexpr char kWaiting[] = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (std::stoi(watch_.value(kWaiting)) < operations) {
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("nothing waits");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    [[nodiscard]] std::string id() const { return "'" + user_.id.to_string() + "'"; }
    std::string states() {
        return watch_.value("SELECT count(*) FROM events WHERE username IS NOT NULL");
    }

    [[nodiscard]] OpenSession opening(int max_sessions = 50) const {
        OpenSession request = make_opening(user_.id);
        request.max_sessions = max_sessions;
        return request;
    }

    TestClock clock_;
    PostgresDatabase database_;
    RawPostgres other_{database_.conninfo()};
    RawPostgres watch_{database_.conninfo()};
    std::unique_ptr<Store> store_;
    const NewUser ada_ = make_new_user("Ada", "Ada@example.org");
    User user_;
};

TEST_F(PostgresRaces, RegistrationWhoseFirstRunIsStillBeingCommittedGivesItsUser) {
    const NewUser bob = make_new_user("Bob", "Bob@example.org");
    other_.run("BEGIN; INSERT INTO users SELECT '" + bob.id.to_string() +
               "', 'Bob', 'bob', 'Bob@example.org', 'bob@example.org', password_hash, hash_format, "
               "disabled, 1, created_at, updated_at, last_event_id, last_event_type, "
               "last_event_time FROM users");
    auto added = start<Result<User>>([&] { return store_->add_user(bob, ""); });
    await_waiting();
    other_.run("COMMIT");
    EXPECT_EQ(added.get()->id, bob.id);
}

TEST_F(PostgresRaces, NameThatIsGivenBackWhileARegistrationWaitsForItIsFree) {
    const NewUser other = make_new_user("Ada", "other@example.org");
    other_.run("BEGIN; DELETE FROM users WHERE id = " + id());
    auto added = start<Result<User>>([&] { return store_->add_user(other, ""); });
    await_waiting();
    other_.run("COMMIT");
    EXPECT_TRUE(added.get());
}

TEST_F(PostgresRaces, DisablingEndsTheSessionOfALoginThatItWaitedFor) {
    other_.run("BEGIN; SELECT 1 FROM users WHERE id = " + id() + " FOR NO KEY UPDATE");
    auto disabled = start<Result<User>>([&] { return store_->set_disabled(user_.id, true); });
    await_waiting();
    other_.run(
        "INSERT INTO sessions (id, user_id, generation, refresh_key_id, created_at, "
        "rotated_at, expires_at, ends_at) SELECT gen_random_uuid(), id, 1, 'key-1', "
        "created_at, created_at, created_at + 9999, created_at + 9999 FROM users; COMMIT");
    EXPECT_TRUE(disabled.get()->state.disabled);
    EXPECT_THAT(run_task(store_->list_sessions(user_.id)), IsEmpty());
}

TEST_F(PostgresRaces, LoginThatWaitedForDisablingIsRefused) {
    other_.run("BEGIN; UPDATE users SET disabled = true WHERE id = " + id());
    auto opened = start<Result<Session>>([&] { return store_->open_session(opening()); });
    await_waiting();
    other_.run("COMMIT");
    EXPECT_EQ(opened.get().error(), Errc::bad_credentials);
}

TEST_F(PostgresRaces, LoginThatWaitedForANewHashIsRefused) {
    for (const bool rehash : {false, true}) {
        OpenSession request = opening();
        if (rehash) request.rehash = Rehash{"hash-3", "format-3"};
        other_.run("BEGIN; UPDATE users SET password_hash = 'hash-2' WHERE id = " + id());
        auto opened = start<Result<Session>>([&] { return store_->open_session(request); });
        await_waiting();
        other_.run("COMMIT");
        EXPECT_EQ(opened.get().error(), Errc::bad_credentials) << rehash;
        other_.run("UPDATE users SET password_hash = 'hash-1'");
    }
}

TEST_F(PostgresRaces, EndingAllEndsTheSessionOfALoginThatItWaitedFor) {
    other_.run("BEGIN; SELECT 1 FROM users WHERE id = " + id() + " FOR NO KEY UPDATE");
    auto ended = start<std::int64_t>([&] { return store_->end_sessions(user_.id, "logout_all"); });
    await_waiting();
    other_.run(
        "INSERT INTO sessions (id, user_id, generation, refresh_key_id, created_at, "
        "rotated_at, expires_at, ends_at) SELECT gen_random_uuid(), id, 1, 'key-1', "
        "created_at, created_at, created_at + 9999, created_at + 9999 FROM users; COMMIT");
    EXPECT_EQ(ended.get(), 1);
}

TEST_F(PostgresRaces, StateOfAnEventThatIsTakenOutWhileItsUserIsDeletedIsErased) {
    other_.run("BEGIN; DELETE FROM outbox");
    auto deleted = start<Result<User>>([&] { return store_->delete_user(user_.id); });
    await_waiting();
    EXPECT_EQ(states(), "1");
    other_.run("COMMIT");
    EXPECT_TRUE(deleted.get());
    EXPECT_EQ(states(), "0");
}

TEST_F(PostgresRaces, StateOfAnEventWhoseUserIsDeletedWhileItIsTakenOutIsErased) {
    const std::int64_t epoch = outbox_epoch(*store_);
    const std::vector<Event> events = run_task(store_->waiting_events(0, 10, epoch));
    ASSERT_THAT(events, SizeIs(1));
    other_.run("BEGIN; SELECT 1 FROM outbox FOR UPDATE; DELETE FROM users WHERE id = " + id());
    auto removed = std::async(std::launch::async,
                              [&] { run_task(store_->remove_sent({events[0].sequence}, epoch)); });
    await_waiting();
    other_.run("COMMIT");
    removed.get();
    EXPECT_EQ(states(), "0");
}

TEST_F(PostgresRaces, LeaseDoesNotChangeHandsWhileItsHolderTakesEventsOut) {
    const std::int64_t epoch = outbox_epoch(*store_);
    clock_.advance(std::chrono::days(400));
    other_.run("BEGIN; SELECT 1 FROM outbox FOR UPDATE");
    auto removed =
        std::async(std::launch::async, [&] { run_task(store_->remove_sent({1}, epoch)); });
    await_waiting();
    // Of another replica: operations of one may share a connection, where they wait in turn.
    const auto replica = make_postgres_store(database_.settings(clock_.clock()));
    auto taken = start<std::optional<OutboxLease>>([&] {
        const OutboxClaim claim{"two", std::chrono::seconds(5)};
        return replica->lease_outbox(claim);
    });
    await_waiting(2);
    other_.run("COMMIT");
    removed.get();
    EXPECT_GT(taken.get()->epoch, epoch);
    EXPECT_EQ(run_task(store_->outbox_stats()).waiting, 0);
}

TEST_F(PostgresRaces, RemovalThatWaitedForTheLeaseToChangeHandsIsLost) {
    const std::int64_t epoch = outbox_epoch(*store_);
    other_.run("BEGIN; UPDATE outbox_lease SET epoch = epoch + 1, holder = 'two'");
    auto removed =
        std::async(std::launch::async, [&] { run_task(store_->remove_sent({1}, epoch)); });
    await_waiting();
    other_.run("COMMIT");
    EXPECT_THROW(removed.get(), LeaseLost);
    EXPECT_EQ(run_task(store_->outbox_stats()).waiting, 1);
}

TEST_F(PostgresRaces, ReplacementOfTheKeysThatWaitedForAnotherLeavesThatOnesKeys) {
    other_.run(
        "BEGIN; UPDATE key_ring SET version = version + 1; INSERT INTO signing_keys VALUES "
        "('theirs', 'ES256', 'active', '{}', '', 'sealer', 1, 1, NULL)");
    auto replaced = start<bool>([&] { return store_->replace_key_ring(0, {}); });
    await_waiting();
    other_.run("COMMIT");
    EXPECT_FALSE(replaced.get());
    EXPECT_EQ(run_task(store_->read_key_ring()).keys.at(0).id, "theirs");
}

TEST_F(PostgresRaces, SweepsLeaveWhatOthersHold) {
    ASSERT_TRUE(run_task(store_->open_session(opening())));
    ASSERT_TRUE(run_task(store_->open_session(opening())));
    for (const char byte : {'a', 'b'})
        run_task(store_->count_attempts({{AttemptKey(16, byte), std::chrono::seconds(60)}}));
    clock_.advance(std::chrono::days(40));
    other_.run(
        "BEGIN; SELECT 1 FROM attempts WHERE key = repeat('a', 16)::bytea FOR UPDATE; "
        "SELECT 1 FROM sessions ORDER BY id LIMIT 1 FOR UPDATE");
    EXPECT_EQ(run_task(store_->sweep_sessions(SessionId(), 10)).removed, 1);
    EXPECT_EQ(run_task(store_->sweep_attempts(10, 10)), 1);
    other_.run("COMMIT");
    EXPECT_EQ(run_task(store_->sweep_sessions(SessionId(), 10)).removed, 1);
    EXPECT_EQ(run_task(store_->sweep_attempts(10, 10)), 1);
}

TEST_F(PostgresRaces, AnEventNamesItsUsersEventBeforeItWhileThatWaits) {
    run_task(store_->set_email(user_.id, "new@example.org", "new@example.org")).value();
    const std::int64_t epoch = outbox_epoch(*store_);
    const auto waiting = [&](std::int64_t after) {
        return run_task(store_->waiting_events(after, 10, epoch));
    };
    const std::vector<Event> both = waiting(0);
    ASSERT_THAT(both, SizeIs(2));
    EXPECT_EQ(both[0].previous, 0);
    EXPECT_EQ(both[1].previous, both[0].sequence);
    EXPECT_EQ(waiting(both[0].sequence).at(0).previous, both[0].sequence);
    run_task(store_->remove_sent({both[0].sequence}, epoch));
    EXPECT_EQ(waiting(0).at(0).previous, 0);
}

TEST_F(PostgresRaces, ResendingThatWaitedForAChangeEndsWithThatChange) {
    other_.run(
        "BEGIN; UPDATE users SET version = 2, last_event_id = gen_random_uuid() WHERE id = " +
        id());
    auto resent = start<std::int64_t>([&] {
        return store_->resend_events({user_.id}, {Timestamp(), false});
    });
    await_waiting();
    other_.run(
        "WITH e AS (INSERT INTO events (id, type, user_id, version, time, traceparent, username, "
        "email, created_at, updated_at, disabled) SELECT last_event_id, 'user_updated', id, "
        "version, updated_at, '', username, email, created_at, updated_at, disabled FROM users "
        "RETURNING sequence, user_id) INSERT INTO outbox SELECT sequence, user_id FROM e; COMMIT");
    EXPECT_EQ(resent.get(), 2);
    const std::int64_t epoch = outbox_epoch(*store_);
    const std::vector<Event> waiting = run_task(store_->waiting_events(0, 10, epoch));
    ASSERT_THAT(waiting, SizeIs(2));
    EXPECT_EQ(waiting[0].version, 1);
    EXPECT_EQ(waiting[1].version, 2);
}

TEST_F(PostgresRaces, ResentEventIsWaitedForAtItsNewPlace) {
    run_task(store_->set_email(user_.id, "new@example.org", "new@example.org")).value();
    const std::int64_t epoch = outbox_epoch(*store_);
    run_task(store_->remove_sent({1, 2}, epoch));
    EXPECT_EQ(run_task(store_->resend_events({user_.id}, {Timestamp(), false})), 2);
    run_task(store_->set_disabled(user_.id, true)).value();
    const std::vector<Event> waiting = run_task(store_->waiting_events(0, 10, epoch));
    ASSERT_THAT(waiting, SizeIs(3));
    EXPECT_EQ(waiting[0].previous, 0);
    EXPECT_EQ(waiting[1].previous, waiting[0].sequence);
    EXPECT_EQ(waiting[2].previous, waiting[1].sequence);
    // A relay whose cursor is past them, by other users' events, learns of them by this.
    const std::vector<Event> behind =
        run_task(store_->waiting_events(waiting[1].sequence, 1, epoch));
    EXPECT_EQ(behind.at(0).previous, waiting[1].sequence);
}

TEST_F(PostgresRaces, NewestEventThatTheSweepTookMeanwhileIsRebuilt) {
    other_.run("DELETE FROM outbox; BEGIN; DELETE FROM events");
    auto resent = start<std::int64_t>([&] {
        return store_->resend_events({user_.id}, {Timestamp(), false});
    });
    await_waiting();
    other_.run("COMMIT");
    EXPECT_EQ(resent.get(), 1);
}

TEST_F(PostgresRaces, SweepLeavesEventsThatAreBeingSentAgain) {
    other_.run("DELETE FROM outbox; BEGIN; SELECT 1 FROM events FOR UPDATE");
    clock_.advance(std::chrono::days(1));
    EXPECT_EQ(run_task(store_->sweep_events(0, 10, std::chrono::hours(1))).removed, 0);
    other_.run("COMMIT");
    EXPECT_EQ(run_task(store_->sweep_events(0, 10, std::chrono::hours(1))).removed, 1);
}

TEST_F(PostgresRaces, StateOfAnEventThatIsDroppedWhileItsUserIsDeletedIsErased) {
    other_.run("UPDATE outbox SET parked_at = 1, parked_reason = 'too large'");
    const EventId event = run_task(store_->list_parked(0, 1)).at(0).event.id;
    other_.run("BEGIN; SELECT 1 FROM outbox FOR UPDATE; DELETE FROM users");
    auto dropped = start<std::int64_t>([&] { return store_->drop_parked(event); });
    await_waiting();
    other_.run("COMMIT");
    EXPECT_EQ(dropped.get(), 1);
    EXPECT_EQ(states(), "0");
}

}  // namespace
}  // namespace userd
