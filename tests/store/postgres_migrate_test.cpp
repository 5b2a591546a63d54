#include "store/postgres/migrate.hpp"

#include <future>
#include <stop_token>
#include <thread>

#include "store/child.hpp"
#include "store/postgres_fixture.hpp"
#include "support/run_task.hpp"

namespace userd {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::chrono::seconds kTimeout{30};

int known() {
    return static_cast<int>(migrations::postgres::files().size());
}

/// The known scripts, and further ones.
std::vector<EmbeddedFile> scripts_and(std::initializer_list<EmbeddedFile> further) {
    std::vector<EmbeddedFile> scripts = migrations::postgres::files();
    scripts.insert(scripts.end(), further);
    return scripts;
}

class PostgresMigrate : public testing::Test {
  protected:
    MigrationResult migrate() { return migrate_postgres(Secret(conninfo()), kTimeout); }
    MigrationResult migrate(const std::vector<EmbeddedFile>& scripts) {
        return postgres::migrate(Secret(conninfo()), kTimeout, scripts);
    }
    /// What it complains about, or nothing.
    std::string refusal(const std::vector<EmbeddedFile>& scripts) {
        try {
            migrate(scripts);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return {};
    }
    std::string refusal() { return refusal(migrations::postgres::files()); }

    [[nodiscard]] std::string conninfo() const { return database_.conninfo(); }
    [[nodiscard]] int stored_version() { return std::stoi(raw_.value(kVersion)); }
    std::string ping() {
        const auto store = make_postgres_store(database_.settings(TestClock().clock()));
        try {
            run_task(store->ping());
        } catch (const StoreUnavailable& error) {
            return error.what();
        }
        return {};
    }

    static constexpr char kVersion[] = "SELECT version FROM schema_version";
    static constexpr char kTables[] =
        "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables "
        "WHERE schemaname = 'public'";
    PostgresDatabase database_{PostgresDatabase::Schema::none};
    RawPostgres raw_{database_.conninfo()};
};

TEST_F(PostgresMigrate, EmptyDatabaseGetsTheNewestSchemaOnce) {
    MigrationResult result = migrate();
    EXPECT_EQ(result.from, 0);
    EXPECT_EQ(result.to, known());
    EXPECT_EQ(stored_version(), known());
    const std::string tables = raw_.value(kTables);
    result = migrate();
    EXPECT_EQ(result.from, known());
    EXPECT_EQ(result.to, known());
    EXPECT_EQ(raw_.value(kTables), tables);
    EXPECT_EQ(ping(), "");
}

TEST_F(PostgresMigrate, TablesOfOtherProgramsBesideOursAreLeftAlone) {
    raw_.run("CREATE TABLE theirs (id int); INSERT INTO theirs VALUES (1)");
    EXPECT_EQ(migrate().to, known());
    EXPECT_EQ(raw_.value("SELECT count(*) FROM theirs"), "1");
}

TEST_F(PostgresMigrate, SimultaneousMigrationsMakeOneSchema) {
    std::vector<std::future<MigrationResult>> results;
    for (int i = 0; i < 8; ++i)
        results.push_back(std::async(std::launch::async, [this] { return migrate(); }));
    for (auto& result : results)
        EXPECT_EQ(result.get().to, known());
    EXPECT_EQ(raw_.value("SELECT count(*) FROM schema_version"), "1");
    EXPECT_EQ(stored_version(), known());
}

TEST(PostgresChild, DISABLED_Migrates) {
    const MigrationResult result =
        migrate_postgres(Secret(std::string(std::getenv(Child::kPath))), kTimeout);
    Child::report(std::to_string(result.to));
}

TEST_F(PostgresMigrate, SimultaneousMigrationsOfProcessesMakeOneSchema) {
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 4; ++i)
        children.push_back(std::make_unique<Child>("PostgresChild.DISABLED_Migrates", conninfo()));
    for (const auto& child : children)
        EXPECT_EQ(child->read_line(), std::to_string(known())) << child->tail();
    EXPECT_EQ(stored_version(), known());
}

TEST_F(PostgresMigrate, ScriptThatFailsHalfWayLeavesTheVersionBeforeItWhole) {
    migrate();
    const std::string tables = raw_.value(kTables);
    const std::vector<EmbeddedFile> scripts = scripts_and(
        {{"fine.sql", "CREATE TABLE fine (id int);"},
         {"broken.sql", "CREATE TABLE half (id int); INSERT INTO nowhere VALUES (1);"}});
    EXPECT_THAT(refusal(scripts),
                AllOf(HasSubstr("migration broken.sql was not applied"), HasSubstr("nowhere")));
    EXPECT_EQ(stored_version(), known() + 1) << "each script is a step of its own";
    EXPECT_EQ(raw_.value("SELECT to_regclass('half') IS NULL"), "t");
    raw_.run("CREATE TABLE nowhere (id int)");
    EXPECT_EQ(refusal(scripts), "") << "and goes on once the reason is gone";
    EXPECT_EQ(stored_version(), known() + 2);
}

TEST_F(PostgresMigrate, FirstScriptThatFailsLeavesNothing) {
    raw_.run("CREATE TABLE users (mine text)");
    EXPECT_THAT(refusal(),
                AllOf(HasSubstr("0001_accounts.sql"), HasSubstr("\"users\" already exists")));
    EXPECT_EQ(raw_.value(kTables), "users");
}

TEST_F(PostgresMigrate, WaitForAnothersMigrationEndsWhenAskedTo) {
    migrate();
    raw_.run("BEGIN; LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE");
    std::stop_source stop;
    auto waiting = std::async(std::launch::async, [&] {
        return migrate_postgres(Secret(conninfo()), kTimeout, stop.get_token());
    });
    RawPostgres other(conninfo());
    const auto waits = [&other] {
        return other.value("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted") == "t";
    };
    const auto deadline = std::chrono::steady_clock::now() + kTimeout;
    while (!waits() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_EQ(waiting.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    stop.request_stop();
    ASSERT_EQ(waiting.wait_for(kTimeout), std::future_status::ready);
    EXPECT_THROW(waiting.get(), std::runtime_error);
    raw_.run("ROLLBACK");
    EXPECT_EQ(migrate().to, known());
}

TEST_F(PostgresMigrate, SchemaOneVersionNewerIsAcceptedAndServed) {
    migrate(scripts_and({{"next.sql", "ALTER TABLE users ADD COLUMN nick text;"}}));
    const MigrationResult result = migrate();
    EXPECT_EQ(result.from, known() + 1);
    EXPECT_EQ(result.to, known() + 1);
    EXPECT_EQ(stored_version(), known() + 1);
    EXPECT_EQ(ping(), "");
}

TEST_F(PostgresMigrate, SchemaTwoVersionsNewerIsRefused) {
    migrate(scripts_and({{"next.sql", "SELECT 1;"}, {"after.sql", "SELECT 1;"}}));
    const std::string version = std::to_string(known() + 2);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("version " + version), HasSubstr("newer userd")));
    EXPECT_THAT(ping(), AllOf(HasSubstr("version " + version), HasSubstr("newer userd")));
    EXPECT_EQ(stored_version(), known() + 2);
}

TEST_F(PostgresMigrate, SchemaThatIsOlderIsNotServed) {
    std::vector<EmbeddedFile> scripts = migrations::postgres::files();
    scripts.pop_back();
    migrate(scripts);
    EXPECT_THAT(ping(), HasSubstr("run userd migrate"));
    EXPECT_EQ(migrate().from, known() - 1);
    EXPECT_EQ(ping(), "");
}

TEST_F(PostgresMigrate, VersionTableOfAnotherProgramIsRefusedAndLeftAlone) {
    for (const char* table : {"CREATE TABLE schema_version (installed_rank int)",
                              "CREATE TABLE schema_version (version int, application text)",
                              "CREATE TABLE schema_version (version int, application text);"
                              "INSERT INTO schema_version VALUES (1, 'other')"}) {
        raw_.run(table);
        EXPECT_THAT(refusal(), HasSubstr("schema_version is of another program")) << table;
        EXPECT_EQ(raw_.value(kTables), "schema_version");
        raw_.run("DROP TABLE schema_version");
    }
}

TEST_F(PostgresMigrate, LockOfAnotherIsWaitedOutWithoutHoldingUpTheTablesUsers) {
    migrate();
    raw_.run("BEGIN; LOCK TABLE users IN ACCESS SHARE MODE");
    const std::vector<EmbeddedFile> scripts =
        scripts_and({{"next.sql", "ALTER TABLE users ADD COLUMN nick text;"}});
    auto result = std::async(std::launch::async, [&] { return migrate(scripts); });
    // Until the script has given up once: the lock that it asks for is then gone from the queue.
    RawPostgres other(conninfo());
    constexpr char kAsked[] =
        "SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted";
    const auto deadline = std::chrono::steady_clock::now() + kTimeout;
    while (other.value(kAsked) == "0" && std::chrono::steady_clock::now() < deadline) {
    }
    while (other.value(kAsked) != "0" && std::chrono::steady_clock::now() < deadline) {
    }
    EXPECT_EQ(other.value("SELECT count(*) FROM users"), "0");
    EXPECT_EQ(std::stoi(other.value(kVersion)), known()) << "the version can be read meanwhile";
    raw_.run("COMMIT");
    EXPECT_EQ(result.get().to, known() + 1);
}

TEST_F(PostgresMigrate, RepeatableReadWhichHidesWhatWasWaitedForIsNeitherTakenNorServed) {
    migrate();
    raw_.run("ALTER DATABASE " + database_.name() +
             " SET default_transaction_isolation = 'repeatable read'");
    EXPECT_THAT(refusal(), HasSubstr("default_transaction_isolation"));
    EXPECT_THAT(ping(), HasSubstr("default_transaction_isolation"));
    raw_.run("ALTER DATABASE " + database_.name() +
             " SET default_transaction_isolation = 'serializable'");
    EXPECT_EQ(refusal(), "");
    EXPECT_EQ(ping(), "");
}

TEST_F(PostgresMigrate, RoleThatMayNotCreateTablesIsToldSoWithoutTryingOn) {
    raw_.run("CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM public");
    const Secret guest(database_.conninfo() + " user=guest");
    auto migrated = std::async(std::launch::async, [&] { migrate_postgres(guest, kTimeout); });
    EXPECT_EQ(migrated.wait_for(kTimeout), std::future_status::ready);
    try {
        migrated.get();
        FAIL() << "it made its tables";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("permission denied"));
    }
    raw_.run("DROP ROLE guest");
}

TEST_F(PostgresMigrate, DatabaseThatIsAwayIsOneLine) {
    const Secret nowhere("host=" + std::string("/nowhere") + " dbname=userd");
    try {
        migrate_postgres(nowhere, std::chrono::seconds(1));
        FAIL() << "it is away";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("/nowhere"), testing::Not(HasSubstr("\n"))));
    }
}

}  // namespace
}  // namespace userd
