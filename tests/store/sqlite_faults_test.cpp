#include <sys/mount.h>
#include <sys/resource.h>

#include <condition_variable>
#include <csignal>
#include <fstream>

#include "store/child.hpp"
#include "store/sqlite_fixture.hpp"

namespace userd {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// What the operation complains about as unavailable, or nothing.
template <class T>
std::string unavailability(Task<T> task) {
    try {
        run_task(std::move(task));
    } catch (const StoreUnavailable& error) {
        return error.what();
    }
    return {};
}

/// Adds users from `first` on until the store complains; gives how many it acknowledged.
int add_until_full(Store& store, int first, int limit, std::string& complaint) {
    for (int i = first; i < first + limit; ++i) {
        complaint = unavailability(
            store.add_user(make_new_user("u" + std::to_string(i), std::to_string(i) + "@x.org"),
                           std::string(3000, 't')));
        if (!complaint.empty()) return i - first;
    }
    return limit;
}

using SqliteFaults = Sqlite;

TEST_F(SqliteFaults, LockOfAnotherProgramIsUnavailabilityAndPasses) {
    const auto store = open();
    ASSERT_TRUE(add(*store, 1));
    RawDatabase other(path());
    other.run("BEGIN IMMEDIATE");
    EXPECT_THAT(
        unavailability(store->add_user(numbered(2), "")),
        AllOf(HasSubstr(path().string()), HasSubstr("locked"), HasSubstr("another program")));
    EXPECT_EQ(run_task(store->find_login("user1"))->username, "user1") << "reads go on";
    EXPECT_NE(unavailability(store->ping()), "") << "readiness tells";
    other.run("ROLLBACK");
    EXPECT_EQ(unavailability(store->ping()), "") << "without waiting for a write";
    EXPECT_TRUE(add(*store, 2));
    EXPECT_EQ(run_task(store->hash_formats()).size(), 1U) << "the probe leaves nothing";
}

TEST_F(SqliteFaults, ShortLockOfAnotherProgramIsWaitedOut) {
    const auto store = open();
    RawDatabase other(path());
    other.run("BEGIN IMMEDIATE");
    std::thread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        other.run("ROLLBACK");
    });
    EXPECT_TRUE(add(*store, 1));
    release.join();
}

TEST_F(SqliteFaults, WritesBeyondTheQueueAreRefusedAtOnceAndTheOthersSucceed) {
    const auto store = open(4);
    RawDatabase other(path());
    other.run("BEGIN IMMEDIATE");
    std::mutex mutex;
    std::condition_variable changed;
    int added = 0;
    std::vector<std::string> refused;
    Loops loops(1);
    for (int i = 0; i < 20; ++i)
        boost::asio::co_spawn(loops.at(0), store->add_user(numbered(i), ""),
                              [&](std::exception_ptr error, const Result<User>&) {
                                  const std::lock_guard lock(mutex);
                                  try {
                                      if (error) std::rethrow_exception(error);
                                      ++added;
                                  } catch (const StoreUnavailable& failure) {
                                      refused.emplace_back(failure.what());
                                  }
                                  changed.notify_one();
                              });
    loops.start();
    {
        std::unique_lock lock(mutex);
        // At most four wait while another four are in the batch that cannot begin.
        EXPECT_TRUE(
            changed.wait_for(lock, std::chrono::seconds(10), [&] { return refused.size() >= 12; }));
        EXPECT_EQ(added, 0);
    }
    other.run("ROLLBACK");
    loops.finish();
    loops.join();
    EXPECT_THAT(refused.at(0), HasSubstr("too many writes wait (4)"));
    EXPECT_GE(added, 4);
    EXPECT_EQ(static_cast<std::size_t>(added) + refused.size(), 20U);
    EXPECT_EQ(count_users(*store), static_cast<std::size_t>(added));
}

TEST_F(SqliteFaults, FullDiskIsUnavailabilityLosesNothingAndHealsByItself) {
    const auto disk = folder_.path() / "disk";
    std::filesystem::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0)
        GTEST_SKIP() << "may not mount; FileLimitIsUnavailability… stands in";
    const auto file = disk / "userd.db";
    std::ofstream(disk / "ballast") << std::string(200'000, 'b');
    {
        const auto store = open(file);
        std::string complaint;
        const int added = add_until_full(*store, 0, 1000, complaint);
        EXPECT_GT(added, 0);
        EXPECT_THAT(complaint,
                    AllOf(HasSubstr(file.string()), HasSubstr("full"), HasSubstr("free space")));
        EXPECT_EQ(count_users(*store), static_cast<std::size_t>(added)) << "reads go on";
        EXPECT_NE(add_together(*store, 5000, 20).failures.size(), 0U);
        std::filesystem::remove(disk / "ballast");
        EXPECT_EQ(unavailability(store->ping()), "");
        EXPECT_TRUE(run_task(store->add_user(make_new_user("after", "after@x.org"), "")));
        EXPECT_EQ(count_users(*store), static_cast<std::size_t>(added) + 1);
    }
    EXPECT_EQ(RawDatabase(file).value("PRAGMA integrity_check"), "ok");
    ::umount2(disk.c_str(), MNT_DETACH);
}

/// The size no file of this process may pass.
void limit_file_size(rlim_t bytes) {
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = std::min(bytes, limit.rlim_max);
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

TEST(SqliteChild, DISABLED_MeetsFileLimit) {
    std::signal(SIGXFSZ, SIG_IGN);
    SqliteSettings settings;
    settings.path = std::getenv(Child::kPath);
    const auto store = make_sqlite_store(settings);
    limit_file_size(1U << 20U);
    std::string complaint;
    const int added = add_until_full(*store, 0, 1000, complaint);
    limit_file_size(RLIM_INFINITY);
    ASSERT_THAT(complaint, HasSubstr("disk"));
    ASSERT_TRUE(run_task(store->add_user(make_new_user("after", "after@x.org"), "")));
    Page page;
    page.limit = 10'000;
    ASSERT_EQ(run_task(store->list_users(page)).size(), static_cast<std::size_t>(added) + 1);
}

TEST_F(SqliteFaults, FileLimitIsUnavailabilityLosesNothingAndHealsByItself) {
    Child child("SqliteChild.DISABLED_MeetsFileLimit", path().string());
    EXPECT_EQ(child.read_line(), "");
    EXPECT_EQ(child.wait(), 0) << child.tail();
    EXPECT_EQ(RawDatabase(path()).value("PRAGMA integrity_check"), "ok");
}

TEST_F(SqliteFaults, DamagedTableIsUnavailabilityAndNeverNotFound) {
    { add(*open(), 1); }
    std::streamoff page = 0;
    {
        RawDatabase raw(path());
        page = std::stol(raw.value("SELECT rootpage FROM sqlite_schema WHERE name = 'users'"));
    }
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp((page - 1) * 4096);
        file << std::string(4096, '\x7f');
    }
    const auto store = open();
    EXPECT_THAT(unavailability(store->find_login("user1")),
                AllOf(HasSubstr(path().string()), HasSubstr("malformed"), HasSubstr("backup")));
    EXPECT_NE(unavailability(store->list_users({})), "");
    EXPECT_NE(unavailability(store->add_user(numbered(2), "")), "");
    EXPECT_EQ(run_task(store->outbox_stats()).waiting, 1) << "what is whole is served";
}

TEST_F(SqliteFaults, DamagedHeaderStopsTheStartWithOneLine) {
    { add(*open(), 1); }
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(100);
        file << std::string(2000, '\x7f');
    }
    EXPECT_THAT(refusal(path()), AllOf(HasSubstr(path().string()), HasSubstr("backup")));
}

}  // namespace
}  // namespace userd
