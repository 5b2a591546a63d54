#include <set>

#include "store/child.hpp"
#include "store/sqlite_fixture.hpp"

namespace userd {
namespace {

Task<void> register_and_report(Store& store, int number) {
    const std::string name = "user" + std::to_string(number);
    NewUser user = make_new_user(name, name + "@example.org");
    std::string no_traceparent;
    const Result<User> added = co_await store.add_user(std::move(user), std::move(no_traceparent));
    if (added) Child::report(name);
}

Task<void> register_for_ever(Store& store, int first, int step) {
    for (int number = first;; number += step)
        co_await register_and_report(store, number);
}

std::unique_ptr<Store> open_for_child() {
    SqliteSettings settings;
    settings.path = std::getenv(Child::kPath);
    settings.readers = 2;
    return make_sqlite_store(settings);
}

TEST(SqliteChild, DISABLED_RegistersForEver) {
    const auto store = open_for_child();
    const int first = static_cast<int>(run_task(store->list_users({"", 1'000'000})).size()) * 10;
    Loops loops(2);
    for (int i = 0; i < 16; ++i)
        boost::asio::co_spawn(loops.at(static_cast<std::size_t>(i) % 2),
                              register_for_ever(*store, first + i, 16),
                              [](std::exception_ptr error) {
                                  if (error) std::abort();
                              });
    loops.start();
    loops.join();
}

TEST(SqliteChild, DISABLED_OwnsTheFile) {
    const auto store = open_for_child();
    Child::report("owned");
    ::pause();
}

using SqliteCrash = Sqlite;

TEST_F(SqliteCrash, WhatWasReportedBeforeSigkillIsThereWithItsEvent) {
    std::set<std::string> reported;
    for (const int lines : {1, 50, 333}) {
        Child child("SqliteChild.DISABLED_RegistersForEver", path().string());
        for (int i = 0; i < lines; ++i) {
            const std::string name = child.read_line();
            ASSERT_NE(name, "") << child.tail();
            reported.insert(name);
        }
        child.kill();
        for (std::string name = child.read_line(); !name.empty(); name = child.read_line())
            reported.insert(name);
    }
    const auto store = open();
    std::set<std::string> stored;
    for (const User& user : run_task(store->list_users({"", 1'000'000})))
        stored.insert(user.state.username);
    std::set<std::string> announced;
    for (const Event& event : run_task(store->waiting_events(0, 1'000'000, outbox_epoch(*store))))
        announced.insert(event.state->username);
    EXPECT_TRUE(std::includes(stored.begin(), stored.end(), reported.begin(), reported.end()));
    EXPECT_EQ(stored, announced) << "users and events are whole or absent together";
    EXPECT_EQ(RawDatabase(path()).value("PRAGMA integrity_check"), "ok");
}

TEST_F(SqliteCrash, OwnershipEndsWithTheProcessHoweverItEnds) {
    Child child("SqliteChild.DISABLED_OwnsTheFile", path().string());
    ASSERT_EQ(child.read_line(), "owned") << child.tail();
    EXPECT_TRUE(is_sqlite_owned(path()));
    EXPECT_THAT(refusal(path()), testing::HasSubstr("another userd"));
    child.kill();
    EXPECT_FALSE(is_sqlite_owned(path()));
    EXPECT_EQ(refusal(path()), "");
}

}  // namespace
}  // namespace userd
