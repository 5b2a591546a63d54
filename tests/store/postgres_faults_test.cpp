#include <gmock/gmock.h>

#include "store/postgres/database.hpp"
#include "store/postgres_fixture.hpp"
#include "store/store_contract.hpp"
#include "support/run_together.hpp"
#include "support/tcp_proxy.hpp"

namespace userd {
namespace {

using postgres::Database;
using postgres::Params;
using postgres::Repeat;
using postgres::Rows;
using postgres::Statement;
using postgres::UniqueViolation;
using testing::HasSubstr;

constexpr Statement kAdd{"add", "UPDATE counter SET n = n + 1 RETURNING n"};
constexpr Statement kAddSafely{"add_safely", "UPDATE counter SET n = n + 1 RETURNING n",
                               Repeat::safe};
constexpr Statement kRead{"read", "SELECT n FROM counter", Repeat::read};
constexpr Statement kTouch{"touch", "UPDATE counter SET n = n RETURNING n", Repeat::safe};
constexpr Statement kInsert{"insert", "INSERT INTO names VALUES ($1)"};
constexpr Statement kRaise{"raise", "UPDATE shared SET n = n + 1 WHERE id = $1"};
constexpr Statement kRecord{
    "record", "INSERT INTO shared VALUES ($1, 1, pg_current_xact_id()::text::bigint)"};
constexpr Statement kLockOne{"lock_one", "UPDATE pair SET n = n + 1 WHERE id = $1"};
constexpr Statement kNote{"note", "INSERT INTO runs (name) VALUES ($1)", Repeat::safe};
constexpr Statement kSleep{"sleep", "SELECT pg_sleep(0.3)"};

/// A database behind a proxy.
class PostgresFaults : public testing::Test {
  protected:
    PostgresFaults() : proxy_(PostgresServer::shared()->socket()) {
        raw_.run("CREATE TABLE counter (n bigint)");
        raw_.run("INSERT INTO counter VALUES (0)");
        raw_.run("CREATE TABLE names (name text PRIMARY KEY)");
        raw_.run("CREATE TABLE pair (id bigint PRIMARY KEY, n bigint)");
        raw_.run("INSERT INTO pair VALUES (1, 0), (2, 0)");
    }

    [[nodiscard]] PostgresSettings settings(const std::string& hosts = "127.0.0.1") const {
        PostgresSettings settings = database_.settings(system_now);
        std::string ports = std::to_string(proxy_.port());
        settings.conninfo = Secret("host=" + hosts + " port=" + ports +
                                   " user=postgres dbname=" + database_.name());
        return settings;
    }
    static std::int64_t number(Database& db, const Statement& statement) {
        return run_task(db.run(statement, Params()))[0].int64(0);
    }
    [[nodiscard]] std::string counted() { return raw_.value("SELECT n FROM counter"); }

    /// The processes that serve our connections.
    [[nodiscard]] std::string backends() {
        return raw_.value(
            "SELECT coalesce(string_agg(pid::text, ' '), '') FROM pg_stat_activity "
            "WHERE application_name = 'userd' AND datname = current_database()");
    }

    template <class Condition>
    static bool wait_until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return true;
    }
    static bool serves(Database& db) {
        try {
            return number(db, kRead) >= 0;
        } catch (const StoreUnavailable&) {
            return false;
        }
    }

    PostgresDatabase database_;
    RawPostgres raw_{database_.conninfo()};
    TcpProxy proxy_;
};

TEST_F(PostgresFaults, ALostAnswerOfASafeRunIsAskedForAgain) {
    Database db(settings());
    EXPECT_EQ(number(db, kTouch), 0);
    proxy_.cut_at_next_answer();
    EXPECT_EQ(number(db, kAddSafely), 2);  // which tells that both were committed
}

TEST_F(PostgresFaults, ALostAnswerOfAnUnsafeRunIsUnavailableAndTheRunIsWhole) {
    Database db(settings());
    EXPECT_EQ(number(db, kTouch), 0);
    proxy_.cut_at_next_answer();
    EXPECT_THROW(number(db, kAdd), StoreUnavailable);
    EXPECT_EQ(counted(), "1");
    EXPECT_EQ(number(db, kAdd), 2);
}

TEST_F(PostgresFaults, ASafeRunWhoseAnswerIsLostIsSentAgainBeforeThoseThatWait) {
    raw_.run("CREATE TABLE runs (place bigserial, name text)");
    PostgresSettings one = settings();
    one.connections = 2;  // one for reads, one for changes
    Database db(std::move(one));
    EXPECT_EQ(number(db, kTouch), 0);
    proxy_.hold_answers();
    std::atomic<int> done{0};
    Loops loops(1);
    for (const char* name : {"a", "b", "c"})
        boost::asio::co_spawn(loops.at(0), db.run(kNote, Params(name)),
                              [&](std::exception_ptr error, const Rows&) { done += !error; });
    loops.start();
    ASSERT_TRUE(wait_until([&] { return raw_.value("SELECT count(*) FROM runs") == "1"; }));
    proxy_.cut();
    proxy_.let_answers_pass();
    EXPECT_TRUE(wait_until([&] { return done == 3; }));
    loops.finish();
    loops.join();
    EXPECT_EQ(raw_.value("SELECT string_agg(name, '' ORDER BY place) FROM runs"), "aabc");
}

TEST_F(PostgresFaults, ALostAnswerDoesNotMakeARegistrationTwiceNorATakenName) {
    const auto store = make_postgres_store(settings());
    run_task(store->clear_attempts({std::string(16, 'x')}));
    proxy_.cut_at_next_answer();
    const NewUser ada = make_new_user("Ada", "ada@example.org");
    const Result<User> added = run_task(store->add_user(ada, ""));
    ASSERT_TRUE(added);
    EXPECT_EQ(added->id, ada.id);
    EXPECT_EQ(raw_.value("SELECT count(*) FROM events"), "1");
}

TEST_F(PostgresFaults, AConnectionThatBrokeWhileIdleIsNotNoticedByTheNextRun) {
    Database db(settings());
    EXPECT_EQ(number(db, kAdd), 1);
    const std::string first = backends();
    proxy_.cut();
    ASSERT_TRUE(wait_until([&] { return backends() != first && !backends().empty(); }));
    EXPECT_EQ(number(db, kAdd), 2);
}

TEST_F(PostgresFaults, AServerThatEndsTheConnectionsIsConnectedToAgain) {
    Database db(settings());
    EXPECT_EQ(number(db, kAdd), 1);
    raw_.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
        "'userd' AND datname = current_database()");
    EXPECT_TRUE(wait_until([&] { return serves(db); }));
}

TEST_F(PostgresFaults, WhileTheDatabaseIsAwayEachIsToldWithoutWaitingForItsDeadline) {
    PostgresSettings away = settings();
    away.operation_timeout = std::chrono::hours(1);
    Database db(std::move(away));
    EXPECT_EQ(number(db, kRead), 0);
    proxy_.go_away();
    for (int i = 0; i < 200; ++i)
        EXPECT_THROW(number(db, kRead), StoreUnavailable);
    proxy_.come_back();
    EXPECT_TRUE(wait_until([&] { return serves(db); }));
}

TEST_F(PostgresFaults, ADatabaseThatIsAwayAtTheStartIsServedFromOnceItIsThere) {
    proxy_.go_away();
    Database db(settings());
    try {
        number(db, kRead);
        FAIL() << "there was nobody to answer";
    } catch (const StoreUnavailable& error) {
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(proxy_.port())));
        EXPECT_THAT(error.what(), HasSubstr("refused"));
        EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
    }
    proxy_.come_back();
    EXPECT_TRUE(wait_until([&] { return serves(db); }));
}

TEST_F(PostgresFaults, AServerThatFallsSilentIsGivenUpAtTheDeadlineAndComesBack) {
    PostgresSettings silent = settings();
    silent.operation_timeout = std::chrono::seconds(1);
    silent.connect_timeout = std::chrono::seconds(1);
    Database db(std::move(silent));
    EXPECT_TRUE(wait_until([&] { return serves(db); }));
    proxy_.hold_answers();
    EXPECT_THROW(number(db, kRead), StoreUnavailable);
    EXPECT_THROW(number(db, kRead), StoreUnavailable);
    proxy_.let_answers_pass();
    EXPECT_TRUE(wait_until([&] { return serves(db); }));
}

TEST_F(PostgresFaults, TheFirstRunMayComeLongAfterTheStart) {
    PostgresSettings patient = settings();
    patient.operation_timeout = std::chrono::milliseconds(700);
    Database db(std::move(patient));
    const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(800);
    ASSERT_TRUE(wait_until([&] { return std::chrono::steady_clock::now() > later; }));
    proxy_.hold_answers();
    std::atomic<bool> is_over{false};
    std::thread caller([&] {
        try {
            number(db, kAdd);
        } catch (const StoreUnavailable&) {
        }
        is_over = true;
    });
    // Longer than the pool looks at who waits, shorter than its time.
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    ASSERT_TRUE(wait_until([&] { return std::chrono::steady_clock::now() > soon || is_over; }));
    EXPECT_FALSE(is_over);
    proxy_.let_answers_pass();
    caller.join();
}

TEST_F(PostgresFaults, AConnectionThatIsGivenUpIsResetSoThatTheServerRunsNothingOfItLater) {
    PostgresSettings silent = settings();
    silent.operation_timeout = std::chrono::seconds(1);
    Database db(std::move(silent));
    EXPECT_EQ(number(db, kTouch), 0);
    proxy_.hold_answers();
    EXPECT_EQ(proxy_.resets(), 0);
    EXPECT_THROW(number(db, kAdd), StoreUnavailable);
    EXPECT_TRUE(wait_until([&] { return proxy_.resets() > 0; }));
    proxy_.let_answers_pass();
}

TEST_F(PostgresFaults, AReadOnlyDatabaseIsNotTakenUntilItCanBeWritten) {
    raw_.run("ALTER DATABASE " + database_.name() + " SET default_transaction_read_only = on");
    Database db(settings());
    try {
        number(db, kRead);
        FAIL() << "a read-only database was taken";
    } catch (const StoreUnavailable& error) {
        EXPECT_THAT(error.what(), HasSubstr("read-only"));
    }
    raw_.run("ALTER DATABASE " + database_.name() + " RESET default_transaction_read_only");
    EXPECT_TRUE(wait_until([&] { return serves(db); }));
}

TEST_F(PostgresFaults, AHostThatIsAwayIsPassedOver) {
    PostgresSettings two = settings();
    two.conninfo = Secret("host=127.0.0.1,127.0.0.1 port=1," + std::to_string(proxy_.port()) +
                          " user=postgres dbname=" + database_.name());
    Database db(std::move(two));
    EXPECT_EQ(number(db, kRead), 0);
}

TEST_F(PostgresFaults, AViolationDoesNotTouchItsNeighboursOnTheConnection) {
    PostgresSettings one = settings();
    one.connections = 2;  // one for reads, one for changes
    Database db(std::move(one));
    std::vector<std::function<Task<Rows>()>> starts;
    for (int i = 0; i < 20; ++i)
        starts.emplace_back(
            [&db, i] { return db.run(kInsert, Params("name-" + std::to_string(i / 2))); });
    const auto results = run_together(starts);
    EXPECT_EQ(results.values.size(), 10U);
    EXPECT_EQ(results.failures.size(), 10U);
    EXPECT_EQ(raw_.value("SELECT count(*) FROM names"), "10");
    EXPECT_THROW(run_task(db.run(kInsert, Params("name-1"))), UniqueViolation);
}

TEST_F(PostgresFaults, ARunOfSeveralStatementsIsOneTransaction) {
    Database db(settings());
    std::vector<postgres::Command> commands;
    commands.push_back({&kAdd, Params()});
    commands.push_back({&kInsert, Params("x")});
    commands.push_back({&kInsert, Params("x")});
    EXPECT_THROW(run_task(db.run(std::move(commands))), UniqueViolation);
    EXPECT_EQ(counted(), "0");
    EXPECT_EQ(raw_.value("SELECT count(*) FROM names"), "0");
}

TEST_F(PostgresFaults, DeadlocksAreTriedAgainUntilAllAreDone) {
    Database db(settings());
    raw_.run("ALTER DATABASE " + database_.name() + " SET deadlock_timeout = '10ms'");
    std::vector<std::function<Task<std::vector<Rows>>()>> starts;
    for (std::int64_t i = 0; i < 8; ++i)
        starts.emplace_back([&db, i] {
            std::vector<postgres::Command> commands;
            commands.push_back({&kLockOne, Params(1 + i % 2)});
            commands.push_back({&kSleep, Params()});
            commands.push_back({&kLockOne, Params(2 - i % 2)});
            return db.run(std::move(commands));
        });
    const auto results = run_together(starts);
    EXPECT_TRUE(results.failures.empty()) << results.failures.front();
    EXPECT_EQ(raw_.value("SELECT min(n) || ' ' || max(n) FROM pair"), "8 8");
}

TEST_F(PostgresFaults, RunsThatShareATransactionAreAllDoneWhenOneOfThemFails) {
    PostgresSettings one = settings();
    one.connections = 2;
    Database db(std::move(one));
    EXPECT_EQ(number(db, kTouch), 0);
    std::vector<Uuid> rows;
    for (std::uint8_t i = 1; i <= 40; ++i) {
        Uuid row;
        row.bytes[15] = i;
        rows.push_back(row);
    }
    raw_.run("CREATE TABLE shared (id uuid PRIMARY KEY, n bigint CHECK (n < 2))");
    for (const Uuid& row : rows)
        raw_.run("INSERT INTO shared VALUES ('" + row.to_string() + "', 0)");
    // The first is asked for twice too often.
    raw_.run("UPDATE shared SET n = 1 WHERE id = '" + rows[0].to_string() + "'");
    std::atomic<int> done{0};
    std::atomic<int> failed{0};
    Loops loops(1);
    for (const Uuid& row : rows)
        boost::asio::co_spawn(
            loops.at(0), db.run(kRaise, Params(row), row),
            [&](std::exception_ptr error, const Rows&) { ++(error ? failed : done); });
    loops.start();
    loops.finish();
    loops.join();
    EXPECT_EQ(done, 39);
    EXPECT_EQ(failed, 1);
    EXPECT_EQ(raw_.value("SELECT count(*) FROM shared WHERE n = 1"), "40");
    EXPECT_EQ(number(db, kTouch), 0);
}

TEST_F(PostgresFaults, RunsThatGatherBehindABusyConnectionAreOneCommit) {
    PostgresSettings one = settings();
    one.connections = 2;
    Database db(std::move(one));
    raw_.run("CREATE TABLE shared AS SELECT NULL::uuid AS id, 0::bigint AS n, 0::bigint AS tx");
    raw_.run("BEGIN");
    raw_.run("UPDATE counter SET n = n");
    std::atomic<int> done{0};
    Loops loops(1);
    const auto count = [&](std::exception_ptr error, const Rows&) { done += error ? 0 : 1; };
    // Busy until the lock is given back.
    boost::asio::co_spawn(loops.at(0), db.run(kAdd, Params()), count);
    for (std::uint8_t i = 1; i <= 8; ++i) {
        Uuid row;
        row.bytes[15] = i;
        boost::asio::co_spawn(loops.at(0), db.run(kRecord, Params(row), row), count);
    }
    loops.start();
    EXPECT_EQ(number(db, kRead), 0);  // its connection is another
    raw_.run("COMMIT");
    loops.finish();
    loops.join();
    EXPECT_EQ(done, 9);
    EXPECT_EQ(raw_.value("SELECT count(*) || ' in ' || count(DISTINCT tx) FROM shared "
                         "WHERE id IS NOT NULL"),
              "8 in 1");
}

TEST_F(PostgresFaults, ReadsAreAnsweredWhileEveryChangeWaitsForALock) {
    PostgresSettings few = settings();
    few.connections = 2;
    Database db(std::move(few));
    raw_.run("BEGIN");
    raw_.run("UPDATE counter SET n = n + 1");
    std::atomic<int> done{0};
    Loops loops(1);
    for (int i = 0; i < 100; ++i)
        boost::asio::co_spawn(
            loops.at(0), db.run(kAdd, Params()),
            [&](std::exception_ptr error, const Rows&) { done += error ? 0 : 1; });
    loops.start();
    EXPECT_EQ(number(db, kRead), 0);
    EXPECT_EQ(done, 0);
    raw_.run("COMMIT");
    loops.finish();
    loops.join();
    EXPECT_EQ(done, 100);
    EXPECT_EQ(number(db, kRead), 101);
}

TEST_F(PostgresFaults, RunsBeyondTheQueueAreRefusedAtOnceAndTheOthersAreDone) {
    PostgresSettings narrow = settings();
    narrow.queue = 4;
    narrow.operation_timeout = std::chrono::hours(1);
    Database db(std::move(narrow));
    // Nobody gets a connection meanwhile.
    proxy_.hold_answers();
    std::atomic<int> refused{0};
    std::atomic<int> done{0};
    Loops loops(1);
    for (int i = 0; i < 10; ++i)
        boost::asio::co_spawn(
            loops.at(0), db.run(kAdd, Params()),
            [&](std::exception_ptr error, const Rows&) { ++(error ? refused : done); });
    loops.start();
    EXPECT_TRUE(wait_until([&] { return refused == 6; }));
    EXPECT_EQ(done, 0);
    proxy_.let_answers_pass();
    EXPECT_TRUE(wait_until([&] { return done == 4; }));
    loops.finish();
    loops.join();
    EXPECT_EQ(refused, 6);
    EXPECT_EQ(counted(), "4");
}

TEST_F(PostgresFaults, ManyRunsOverFewConnectionsWithAndWithoutPreparedStatements) {
    for (const bool prepared : {true, false}) {
        PostgresSettings few = settings();
        few.prepared = prepared;
        few.connections = 2;
        Database db(std::move(few));
        std::vector<std::function<Task<Rows>()>> starts(500,
                                                        [&db] { return db.run(kAdd, Params()); });
        EXPECT_EQ(run_together(starts).values.size(), 500U);
    }
    EXPECT_EQ(counted(), "1000");
}

TEST(PostgresConninfo, WhatLibpqDoesNotUnderstandIsRefusedWithoutThePassword) {
    for (const char* text : {"postgresql://u:secret-word@[::1/x", "host=a password='secret-word",
                             "nonsense=1 password=secret-word"}) {
        PostgresSettings settings;
        settings.conninfo = Secret(std::string_view(text));
        try {
            Database db(std::move(settings));
            FAIL() << text;
        } catch (const std::runtime_error& error) {
            EXPECT_THAT(error.what(), testing::Not(HasSubstr("secret-word")));
            EXPECT_THAT(error.what(), HasSubstr("DATABASE_URL"));
        }
    }
}

}  // namespace
}  // namespace userd
