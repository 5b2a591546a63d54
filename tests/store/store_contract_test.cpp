#include "store/store_contract.hpp"

#include "store/sqlite/sqlite_store.hpp"

namespace userd {
namespace {

Backend sqlite_backend() {
    return {"Sqlite", [](const TemporaryFolder& folder, Clock clock) {
                SqliteSettings settings;
                settings.path = folder.path() / "userd.db";
                settings.readers = 4;
                settings.clock = std::move(clock);
                return make_sqlite_store(std::move(settings));
            }};
}

// The tests are in store_users_test.cpp, store_sessions_test.cpp, …; a further backend is added
// here.
INSTANTIATE_TEST_SUITE_P(Backends, StoreContract, testing::Values(sqlite_backend()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(StoreContract, PingSucceedsOnAnEmptyStore) {
    EXPECT_NO_THROW(run_task(store_->ping()));
}

TEST_P(StoreContract, EmptyStoreHasNothing) {
    EXPECT_TRUE(run_task(store_->list_users({})).empty());
    EXPECT_TRUE(run_task(store_->hash_formats()).empty());
    EXPECT_TRUE(waiting().empty());
    EXPECT_EQ(run_task(store_->count_sessions()), 0);
    EXPECT_FALSE(run_task(store_->outbox_stats()).oldest);
}

}  // namespace
}  // namespace userd
