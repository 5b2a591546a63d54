#include "store/store_contract.hpp"

#include "store/postgres_fixture.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace userd {
namespace {

Backend sqlite_backend(bool audit) {
    return {audit ? "SqliteAudited" : "Sqlite",
            [audit](const TemporaryFolder& folder, Clock clock) {
                SqliteSettings settings;
                settings.path = folder.path() / "userd.db";
                settings.readers = 4;
                settings.clock = std::move(clock);
                settings.audit = audit;
                return make_sqlite_store(std::move(settings));
            }};
}

Backend postgres_backend(bool audit) {
    return {audit ? "PostgresAudited" : "Postgres", [audit](const TemporaryFolder&, Clock clock) {
                // Goes when the next comes, its store being gone by then.
                static std::unique_ptr<PostgresDatabase> database;
                database.reset();
                database = std::make_unique<PostgresDatabase>();
                PostgresSettings settings = database->settings(std::move(clock));
                settings.audit = audit;
                return make_postgres_store(std::move(settings));
            }};
}

}  // namespace

std::vector<Backend> backends() {
    return {sqlite_backend(false), postgres_backend(false)};
}

std::vector<Backend> audited_backends() {
    return {sqlite_backend(true), postgres_backend(true)};
}

namespace {

// The tests are in store_users_test.cpp, store_sessions_test.cpp, …
INSTANTIATE_TEST_SUITE_P(Audited, StoreContract, testing::ValuesIn(audited_backends()),
                         [](const auto& backend) { return backend.param.name; });
INSTANTIATE_TEST_SUITE_P(Backends, StoreContract, testing::ValuesIn(backends()),
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
    EXPECT_TRUE(run_task(store_->list_sessions(UserId())).empty());
    EXPECT_EQ(run_task(store_->key_ring_version()), 0);
    EXPECT_TRUE(run_task(store_->read_key_ring()).keys.empty());
    EXPECT_TRUE(run_task(store_->list_services()).empty());
    EXPECT_EQ(run_task(store_->sweep_attempts(100, 100)), 0);
    EXPECT_EQ(run_task(store_->sweep_sessions(SessionId(), 100)).removed, 0);
}

}  // namespace
}  // namespace userd
