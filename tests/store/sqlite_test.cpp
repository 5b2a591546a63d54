#include <sys/stat.h>

#include "store/sqlite_fixture.hpp"

namespace userd {
namespace {

using testing::HasSubstr;

TEST_F(Sqlite, ManySimultaneousWritesAreAllThereAfterReopening) {
    {
        const auto store = open();
        const auto added = add_together(*store, 0, 500);
        EXPECT_TRUE(added.failures.empty());
        EXPECT_EQ(added.values.size(), 500U);
    }
    const auto store = open();
    EXPECT_EQ(count_users(*store), 500U);
    EXPECT_EQ(run_task(store->waiting_events(0, 1000, outbox_epoch(*store))).size(), 500U);
}

TEST_F(Sqlite, SimultaneousWritesShareCommits) {
    const auto store = open();
    std::atomic<int> commits = 0;
    store->on_event([&commits] { ++commits; });
    // On four loops, each of which has all of its writes ready at once.
    EXPECT_EQ(add_together(*store, 0, 500).values.size(), 500U);
    store->on_event({});
    EXPECT_LE(commits, 4);
}

TEST_F(Sqlite, RefusedJobsInABatchHarmNoNeighbour) {
    const auto store = open();
    ASSERT_TRUE(add(*store, 0));
    std::vector<std::function<Task<Result<User>>()>> starts;
    for (int i = 0; i < 100; ++i)
        starts.emplace_back(
            [&store, i] { return store->add_user(numbered(i % 2 == 0 ? 0 : i), ""); });
    const auto added = run_together(starts);
    EXPECT_EQ(added.values.size(), 100U);
    EXPECT_EQ(count_users(*store), 51U);
}

TEST_F(Sqlite, JobThatThrowsIsRolledBackAloneAndWhole) {
    const auto store = open();
    std::vector<std::function<Task<Result<User>>()>> starts;
    for (int i = 0; i < 100; ++i) {
        NewUser user = numbered(i);
        // The event's insertion comes after the user's and its format's.
        if (i % 2 == 0) user.email_key = "no-address";
        starts.emplace_back([&store, user] { return store->add_user(user, ""); });
    }
    const auto added = run_together(starts);
    EXPECT_EQ(added.values.size(), 50U);
    ASSERT_EQ(added.failures.size(), 50U);
    EXPECT_THAT(added.failures[0], HasSubstr("CHECK constraint failed"));
    EXPECT_EQ(count_users(*store), 50U);
    EXPECT_EQ(run_task(store->waiting_events(0, 1000, outbox_epoch(*store))).size(), 50U);
}

TEST_F(Sqlite, ConstraintOfALaterStatementTakesTheEarlierOnesBack) {
    const auto store = open();
    const NewUser user = numbered(1);
    ASSERT_TRUE(run_task(store->add_user(user, "")));
    ASSERT_TRUE(run_task(store->delete_user(user.id)));
    // An id that comes back meets its old event's number, after users and hash_formats were
    // written.
    EXPECT_THROW(run_task(store->add_user(user, "")), std::runtime_error);
    EXPECT_EQ(count_users(*store), 0U);
    EXPECT_TRUE(run_task(store->hash_formats()).empty());
    EXPECT_EQ(run_task(store->waiting_events(0, 10, outbox_epoch(*store))).size(), 2U);
}

TEST_F(Sqlite, StatesOfADeletedUsersSentEventsAreErased) {
    const auto store = open();
    const User user = add(*store, 1).value();
    run_task(store->remove_sent({1}, outbox_epoch(*store)));
    run_task(store->set_disabled(user.id, true));
    run_task(store->delete_user(user.id));
    RawDatabase raw(path());
    const std::string erased =
        "SELECT count(*) FROM events WHERE username IS NULL AND email IS NULL AND created_at IS "
        "NULL "
        "AND updated_at IS NULL AND disabled IS NULL AND sequence = ";
    EXPECT_EQ(raw.value(erased + "1"), "1") << "sent before";
    EXPECT_EQ(raw.value(erased + "2"), "0") << "waits still";
    run_task(store->remove_sent({2}, outbox_epoch(*store)));
    run_task(store->remove_sent({3}, outbox_epoch(*store)));
    EXPECT_EQ(raw.value(erased + "2"), "1") << "sent after, and the deletion behind it";
    EXPECT_EQ(raw.value("SELECT count(*) FROM events"), "3") << "the events themselves stay";
}

TEST_F(Sqlite, RemovingSentEventsTouchesNoOthers) {
    const auto store = open();
    for (int number = 1; number <= 9; ++number)
        ASSERT_TRUE(add(*store, number));
    run_task(store->remove_sent({7, 2, 3, 9, 3, 1, 40}, outbox_epoch(*store)));
    std::vector<std::int64_t> left;
    for (const Event& event : run_task(store->waiting_events(0, 10, outbox_epoch(*store))))
        left.push_back(event.sequence);
    EXPECT_THAT(left, testing::ElementsAre(4, 5, 6, 8));
}

TEST_F(Sqlite, StatesOfSentEventsStayWhileTheUserDoes) {
    const auto store = open();
    ASSERT_TRUE(add(*store, 1));
    run_task(store->remove_sent({1}, outbox_epoch(*store)));
    EXPECT_EQ(RawDatabase(path()).value("SELECT username FROM events"), "user1");
}

TEST_F(Sqlite, UsersRowKnowsItsNewestEvent) {
    const auto store = open();
    const User user = add(*store, 1).value();
    run_task(store->set_disabled(user.id, true));
    EXPECT_EQ(
        RawDatabase(path()).value(
            "SELECT e.version FROM users u JOIN events e ON e.id = u.last_event_id AND e.type "
            "= u.last_event_type AND e.time = u.last_event_time"),
        "2");
}

TEST_F(Sqlite, ReuseAndDisablingAreRecordedAsReasons) {
    const auto store = open();
    const User user = add(*store, 1).value();
    OpenSession request;
    request.id = SessionId::make(system_now());
    request.user = user.id;
    request.verified_hash = "hash-1";
    request.refresh_lifetime = std::chrono::days(7);
    request.session_lifetime = std::chrono::days(30);
    ASSERT_TRUE(run_task(store->open_session(request)));
    Rotate rotate;
    rotate.session = request.id;
    rotate.user = user.id;
    rotate.refresh_lifetime = std::chrono::days(7);
    rotate.repeat_window = std::chrono::seconds(10);
    for (const std::int64_t generation : {1, 2, 1}) {
        rotate.generation = generation;
        run_task(store->rotate_session(rotate));
    }
    RawDatabase raw(path());
    EXPECT_EQ(raw.value("SELECT ended_reason FROM sessions"), "reuse");
    request.id = SessionId::make(system_now());
    ASSERT_TRUE(run_task(store->open_session(request)));
    run_task(store->set_disabled(user.id, true));
    EXPECT_EQ(raw.value("SELECT group_concat(ended_reason) FROM (SELECT ended_reason FROM sessions "
                        "ORDER BY ended_reason)"),
              "disabled,reuse");
}

TEST_F(Sqlite, AccountThatLogsInWithoutPauseKeepsFewRowsAndTheReasonsOfTheNewest) {
    const auto store = open();
    const User user = add(*store, 1).value();
    OpenSession request;
    request.user = user.id;
    request.verified_hash = "hash-1";
    request.refresh_lifetime = std::chrono::days(7);
    request.session_lifetime = std::chrono::days(30);
    request.max_sessions = 2;
    for (int i = 0; i < 200; ++i) {
        request.id = SessionId::make(system_now());
        ASSERT_TRUE(run_task(store->open_session(request)));
    }
    RawDatabase raw(path());
    EXPECT_EQ(raw.value("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "2");
    EXPECT_EQ(raw.value("SELECT count(*) FROM sessions WHERE ended_reason = 'limit'"), "50");
    EXPECT_EQ(raw.value("SELECT count(*) FROM sessions"), "52");
    ASSERT_TRUE(run_task(store->end_session(user.id, request.id, "logout")));
    EXPECT_EQ(run_task(store->end_sessions(user.id, "logout_all")), 1);
    EXPECT_EQ(raw.value("SELECT count(*) FROM sessions WHERE ended_reason = 'logout'"), "1");
    EXPECT_EQ(raw.value("SELECT count(*) FROM sessions WHERE ended_reason = 'logout_all'"), "1");
}

TEST_F(Sqlite, FilesAreForTheirOwnerOnly) {
    const auto store = open();
    ASSERT_TRUE(add(*store, 1));
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
        struct stat status {};
        ASSERT_EQ(::stat((path().string() + suffix).c_str(), &status), 0) << suffix;
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << suffix;
    }
}

TEST_F(Sqlite, LogIsBoundedWhileManyWrite) {
    const auto store = open();
    for (int round = 0; round < 20; ++round)
        add_together(*store, round * 200, 200);
    EXPECT_LT(std::filesystem::file_size(path().string() + "-wal"), 20U << 20U);
    EXPECT_EQ(count_users(*store), 4000U);
}

}  // namespace
}  // namespace userd
