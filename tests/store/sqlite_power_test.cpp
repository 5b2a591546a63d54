#include <numeric>

#include "store/durable_load.hpp"
#include "store/faulty_vfs.hpp"

namespace userd {
namespace {

using testing::IsEmpty;
using testing::Not;

/// What a database that was opened again has lost, or has by halves.
class Findings {
  public:
    Findings(const std::filesystem::path& path, const Acknowledged& acknowledged)
        : raw_(path), acknowledged_(acknowledged) {
        expect("ok", "PRAGMA integrity_check");
        expect("", "SELECT group_concat(\"table\") FROM pragma_foreign_key_check");
        check_accounts();
        check_sessions();
        check_outbox();
        check_whole();
    }
    [[nodiscard]] const std::vector<std::string>& list() const { return list_; }

  private:
    void expect(const std::string& wanted, const std::string& sql) {
        std::string found;
        try {
            found = raw_.value(sql);
        } catch (const std::runtime_error& error) {
            found = error.what();
        }
        if (found == "(null)") found.clear();
        if (found != wanted) list_.push_back(sql + ": " + found);
    }
    static std::string blob(const std::string& id) {
        std::string hex;
        for (const char c : id)
            if (c != '-') hex += c;
        return "x'" + hex + "'";
    }
    void check_accounts() {
        for (const auto& [id, account] : acknowledged_.accounts) {
            const std::string user = blob(id.to_string());
            const std::string version = std::to_string(account.version);
            if (account.deleted) {
                expect("0|user_deleted",
                       "SELECT (SELECT count(*) FROM users WHERE id = " + user +
                           ") || '|' || (SELECT type FROM events WHERE user_id = " + user +
                           " ORDER BY version DESC LIMIT 1)");
                continue;
            }
            const std::string count = acknowledged_.asked_deleted.count(id) != 0 ? "<= 1" : "= 1";
            expect("1", "SELECT count(*) " + count + " FROM users WHERE id = " + user);
            expect("1", "SELECT count(*) FROM events WHERE user_id = " + user +
                            " AND version = " + version);
            expect("0", "SELECT count(*) FROM users WHERE id = " + user + " AND (version < " +
                            version + " OR (version = " + version + " AND (email <> '" +
                            account.email + "' OR disabled <> " +
                            std::to_string(int{account.disabled}) + ")))");
        }
    }
    void check_sessions() {
        for (const auto& [id, owner] : acknowledged_.generations)
            if (acknowledged_.asked_deleted.count(owner.first) == 0)
                expect("1", "SELECT count(*) FROM sessions WHERE id = " + blob(id.to_string()) +
                                " AND generation >= " + std::to_string(owner.second));
    }
    static std::string joined(const std::set<std::int64_t>& numbers) {
        std::string text;
        for (const std::int64_t number : numbers)
            text += (text.empty() ? "" : ",") + std::to_string(number);
        return text;
    }
    void check_outbox() {
        expect("0", "SELECT count(*) FROM outbox WHERE sequence IN (" +
                        joined(acknowledged_.removed) + ")");
    }
    void check_whole() {
        expect("0", R"(
            SELECT count(*) FROM users u
            WHERE version <> (SELECT count(*) FROM events WHERE user_id = u.id)
               OR version <> (SELECT max(version) FROM events WHERE user_id = u.id)
               OR last_event_id <> (SELECT id FROM events WHERE user_id = u.id AND version = u.version))");
        expect("0", R"(
            SELECT count(*) FROM events e
            WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = e.user_id)
              AND NOT EXISTS (SELECT 1 FROM events WHERE user_id = e.user_id AND type = 'user_deleted'))");
        expect("1",
               "SELECT (SELECT count(*) FROM users) = "
               "(SELECT coalesce(sum(users), 0) FROM hash_formats)");
    }

    RawDatabase raw_;
    const Acknowledged& acknowledged_;
    std::vector<std::string> list_;
};

struct Outcome {
    std::vector<std::string> findings;
    std::size_t accounts = 0;
    std::uint64_t failures = 0;
    int refusals = 0;
};

class SqlitePower : public Sqlite {
  protected:
    /// A load, a power cut below it, and what is found when the power is back.
    Outcome run(const DiskPlan& plan, int rounds = 0) {
        const std::filesystem::path file =
            folder_.path() / ("cut" + std::to_string(++runs_) + ".db");
        Ledger ledger;
        Acknowledged at_cut;
        Outcome outcome;
        {
            FaultyVfs vfs(plan, [&] { at_cut = ledger.copy(); });
            load(file, vfs, ledger, rounds, outcome);
            vfs.cut_power();
            vfs.leave_remains();
            outcome.failures = vfs.failures();
        }
        outcome.accounts = at_cut.accounts.size();
        reopen(file, outcome, at_cut);
        return outcome;
    }

    static std::string joined(const std::vector<std::string>& lines) {
        std::string text;
        for (const std::string& line : lines)
            text += line + "\n";
        return text;
    }

  private:
    void load(const std::filesystem::path& file, FaultyVfs& vfs, Ledger& ledger, int rounds,
              Outcome& outcome) const {
        std::unique_ptr<Store> store;
        try {
            store = open(file);
        } catch (const std::exception&) {
            // The start met a fault; nothing was acknowledged.
            return;
        }
        DurableLoad load(*store, ledger);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!vfs.is_cut() && (rounds == 0 || load.rounds() < rounds) &&
               std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (rounds != 0) vfs.cut_power();
        load.finish();
        outcome.refusals = load.refusals();
    }
    void reopen(const std::filesystem::path& file, Outcome& outcome,
                const Acknowledged& at_cut) const {
        try {
            const auto store = open(file);
            outcome.findings = Findings(file, at_cut).list();
            if (!run_task(store->add_user(make_new_user("after", "after@x.org"), "")))
                outcome.findings.emplace_back("takes no user");
        } catch (const std::exception& error) {
            outcome.findings.emplace_back(error.what());
        }
    }

    int runs_ = 0;
};

TEST_F(SqlitePower, WhatWasAcknowledgedSurvivesAPowerCutAtAnyWriteAndTheRestIsWholeOrAbsent) {
    std::mt19937_64 random(std::random_device{}());
    std::size_t accounts = 0;
    for (int i = 0; i < 24; ++i) {
        DiskPlan plan;
        plan.seed = random();
        // Some during the migration, most under load, some during and after checkpoints.
        plan.cut_after = 1 + random() % (i % 4 == 0 ? 100 : 6000);
        const Outcome outcome = run(plan);
        accounts += outcome.accounts;
        EXPECT_THAT(outcome.findings, IsEmpty())
            << "seed " << plan.seed << ", cut after " << plan.cut_after;
    }
    EXPECT_GT(accounts, 100U) << "there was something to lose";
}

TEST_F(SqlitePower, WritesAndSyncsThatFailAreRefusalsAndNothingAcknowledgedIsLostByThem) {
    std::mt19937_64 random(std::random_device{}());
    std::uint64_t failures = 0;
    int refusals = 0;
    for (int i = 0; i < 12; ++i) {
        DiskPlan plan;
        plan.seed = random();
        plan.cut_after = 1500 + random() % 3000;
        plan.failing_writes = i % 3 == 0 ? 0 : 0.01;
        plan.failing_syncs = i % 3 == 1 ? 0 : 0.03;
        const Outcome outcome = run(plan);
        failures += outcome.failures;
        refusals += outcome.refusals;
        EXPECT_THAT(outcome.findings, IsEmpty())
            << "seed " << plan.seed << ", cut after " << plan.cut_after;
    }
    EXPECT_GT(failures, 0U);
    EXPECT_GT(refusals, 0) << "the callers were told";
}

TEST_F(SqlitePower, ALogThatIsNotSyncedIsCaught) {
    DiskPlan plan;
    plan.seed = 1;
    plan.unsynced_suffix = "-wal";
    EXPECT_THAT(run(plan, 30).findings, Not(IsEmpty()));
}

TEST_F(SqlitePower, ADatabaseThatIsNeverSyncedIsCaught) {
    DiskPlan plan;
    plan.seed = 1;
    // A checkpoint lies between: the log is used anew.
    plan.unsynced_suffix = ".db";
    EXPECT_THAT(run(plan, 400).findings, Not(IsEmpty()));
}

TEST_F(SqlitePower, AFailingDiskThatIsRepairedIsServedAgain) {
    DiskPlan plan;
    plan.failing_syncs = 1;
    const std::filesystem::path file = path();
    { add(*open(file), 1); }
    FaultyVfs vfs(plan);
    {
        const auto store = open(file);
        EXPECT_THROW(add(*store, 2), StoreUnavailable);
        EXPECT_EQ(run_task(store->find_login("user1"))->username, "user1") << "reads go on";
        vfs.heal();
        EXPECT_TRUE(add(*store, 3));
        EXPECT_EQ(count_users(*store), 2U);
    }
}

}  // namespace
}  // namespace userd
