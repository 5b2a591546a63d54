#include "store/sqlite/migrate.hpp"
#include "store/sqlite_fixture.hpp"

namespace userd {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A user, an event that waits and a session, as a server of schema version 1 left them.
constexpr char kRows[] = R"(
    INSERT INTO users VALUES (x'018bcfe5687b7000800000000000000a', 'Ada', 'ada',
        'Ada@example.org', 'ada@example.org', 'hash-1', 'format-1', 0, 1, 1700000000000,
        1700000000000, x'018bcfe5687b7000800000000000000e', 'user_registered', 1700000000000);
    INSERT INTO hash_formats VALUES ('format-1', 1);
    INSERT INTO events VALUES (1, x'018bcfe5687b7000800000000000000e', 'user_registered',
        x'018bcfe5687b7000800000000000000a', 1, 1700000000000, 'trace', 'Ada', 'Ada@example.org',
        1700000000000, 1700000000000, 0);
    INSERT INTO outbox (sequence, user_id) VALUES (1, x'018bcfe5687b7000800000000000000a');
    INSERT INTO sessions (id, user_id, generation, refresh_key_id, created_at, rotated_at,
        expires_at, ends_at)
    VALUES (x'018bcfe5687b7000800000000000000c', x'018bcfe5687b7000800000000000000a', 4, 'key-1',
        1700000000000, 1700000000250, 1700600000000, 1702000000000);)";

class SqliteMigrate : public Sqlite {
  protected:
    SqliteMigrate() {
        RawDatabase raw(path());
        raw.run("PRAGMA journal_mode = WAL");
        raw.run(std::string(migrations::sqlite::files().at(0).content));
        raw.run(kRows);
        raw.run("PRAGMA application_id = 1970496882; PRAGMA user_version = 1;");
    }
    std::unique_ptr<Store> open_then() {
        SqliteSettings settings;
        settings.path = path();
        settings.clock = [] { return from_unix_millis(1'700'000'100'000); };
        return make_sqlite_store(std::move(settings));
    }
};

TEST_F(SqliteMigrate, DatabaseOfVersionOneKeepsEverything) {
    const MigrationResult migration = migrate_sqlite(path());
    EXPECT_EQ(migration.from, 1);
    EXPECT_EQ(migration.to, 3);
    const auto store = open_then();
    const User user = run_task(store->find_user("ada")).value();
    EXPECT_EQ(user.id.to_string(), "018bcfe5-687b-7000-8000-00000000000a");
    EXPECT_EQ(run_task(store->find_login("ada@example.org"))->password_hash, "hash-1");
    EXPECT_EQ(run_task(store->hash_formats()).size(), 1U);
    const std::vector<Event> events = run_task(store->waiting_events(0, 10, outbox_epoch(*store)));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].state->email, "Ada@example.org");
    EXPECT_EQ(events[0].traceparent, "trace");
    EXPECT_EQ(RawDatabase(path()).value("PRAGMA integrity_check"), "ok");
}

TEST_F(SqliteMigrate, SessionOfVersionOneGoesOnWithoutAClientUntilItRotates) {
    const auto store = open_then();
    const User user = run_task(store->find_user("ada")).value();
    std::vector<SessionInfo> sessions = run_task(store->list_sessions(user.id));
    ASSERT_EQ(sessions.size(), 1U);
    EXPECT_EQ(sessions[0].generation, 4);
    EXPECT_EQ(sessions[0].created_at, from_unix_millis(1'700'000'000'000));
    EXPECT_EQ(sessions[0].last_used_at, from_unix_millis(1'700'000'000'250));
    EXPECT_EQ(sessions[0].client.address, "");
    EXPECT_EQ(sessions[0].client.agent, "");
    EXPECT_TRUE(run_task(store->read_profile(user.id, sessions[0].id)));
    Rotate rotate;
    rotate.session = sessions[0].id;
    rotate.user = user.id;
    rotate.generation = 4;
    rotate.refresh_key_id = "key-1";
    rotate.refresh_lifetime = std::chrono::days(7);
    rotate.client = {"192.0.2.1", "Agent/1"};
    EXPECT_EQ(run_task(store->rotate_session(rotate)).outcome, Rotation::Outcome::rotated);
    sessions = run_task(store->list_sessions(user.id));
    EXPECT_EQ(sessions.at(0).client.address, "192.0.2.1");
}

TEST_F(SqliteMigrate, MigrationThatFailsHalfWayLeavesVersionOneWhole) {
    RawDatabase raw(path());
    raw.run("CREATE TABLE attempts (mine TEXT)");
    const std::string before = raw.value("SELECT group_concat(sql) FROM sqlite_schema");
    EXPECT_THAT(refusal(path()), AllOf(HasSubstr("0002_keys_sessions_services.sql"),
                                       HasSubstr("attempts already exists")));
    EXPECT_EQ(raw.value("PRAGMA user_version"), "1");
    EXPECT_EQ(raw.value("SELECT group_concat(sql) FROM sqlite_schema"), before);
    raw.run("DROP TABLE attempts");
    EXPECT_EQ(refusal(path()), "") << "and goes on once the reason is gone";
    EXPECT_EQ(raw.value("SELECT count(*) FROM sessions"), "1");
}

}  // namespace
}  // namespace userd
