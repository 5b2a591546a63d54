#include <gmock/gmock.h>

#include <map>

#include "base/embedded.hpp"
#include "store/postgres/migrate.hpp"
#include "store/statement_log.hpp"
#include "store/store_scenario.hpp"

namespace userd::frozen {

/// tests/store/frozen: NNNN.json has the statements of the binary of schema version N.
[[nodiscard]] const std::vector<EmbeddedFile>& files();

}  // namespace userd::frozen

namespace userd {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

/// See docs/decisions/0003. Set to a file, it makes that file anew from what is run now.
constexpr char kFreeze[] = "USERD_FREEZE_STATEMENTS";

struct Step {
    LoggedStatement statement;
    std::vector<RawPostgres::Row> rows;  ///< its answer, sorted
};

int newest() {
    return static_cast<int>(migrations::postgres::files().size());
}

std::vector<RawPostgres::Row> answer(RawPostgres& raw, const LoggedStatement& statement) {
    std::vector<RawPostgres::Row> rows = raw.run(statement.sql, statement.params);
    std::sort(rows.begin(), rows.end());
    return rows;
}

std::vector<Step> parse(const EmbeddedFile& file) {
    std::vector<Step> steps;
    const json::value content = json::parse(file.content);
    for (const json::value& each : content.as_array()) {
        Step step;
        step.statement.name = each.at("name").as_string();
        step.statement.sql = each.at("sql").as_string();
        step.statement.params = json::value_to<RawPostgres::Row>(each.at("params"));
        step.rows = json::value_to<std::vector<RawPostgres::Row>>(each.at("rows"));
        steps.push_back(std::move(step));
    }
    return steps;
}

int version_of(const EmbeddedFile& file) {
    return std::stoi(std::string(file.name));
}

std::vector<Step> frozen(int version) {
    for (const EmbeddedFile& file : frozen::files())
        if (version_of(file) == version) return parse(file);
    return {};
}

/// The names of statements that now fail or answer otherwise, each with how.
std::vector<std::string> differences(RawPostgres& raw, const std::vector<Step>& steps) {
    std::vector<std::string> differences;
    for (const Step& step : steps) {
        try {
            const auto rows = answer(raw, step.statement);
            // ping asks for the schema's version, which is to differ.
            if (step.statement.name != "ping" && rows != step.rows)
                differences.push_back(step.statement.name + ": another answer");
        } catch (const std::runtime_error& error) {
            differences.push_back(step.statement.name + ": " + error.what());
        }
    }
    return differences;
}

/// What the scenario sends.
std::vector<LoggedStatement> statements_of_now() {
    const PostgresDatabase database;
    const StatementLog log(database);
    TestClock clock;
    const auto store = make_postgres_store(database.settings(clock.clock()));
    run_scenario(*store, clock);
    PostgresSettings settings = database.settings(clock.clock());
    settings.audit = true;
    const auto auditing = make_postgres_store(std::move(settings));
    run_audited_scenario(*auditing, clock);
    return log.read();
}

std::string quoted(const std::string& text) {
    return json::serialize(json::string(text));
}

std::string list(const std::vector<std::string>& elements) {
    std::string list;
    for (const std::string& element : elements)
        list += (list.empty() ? "" : ", ") + element;
    return "[" + list + "]";
}

std::string quoted(const RawPostgres::Row& row) {
    std::vector<std::string> values;
    for (const std::string& value : row)
        values.push_back(quoted(value));
    return list(values);
}

void freeze(const std::string& path, const std::vector<LoggedStatement>& statements) {
    const PostgresDatabase database;
    RawPostgres raw(database.conninfo());
    std::ofstream file(path);
    const char* separator = "[\n";
    for (const LoggedStatement& statement : statements) {
        std::vector<std::string> rows;
        for (const RawPostgres::Row& row : answer(raw, statement))
            rows.push_back(quoted(row));
        file << std::exchange(separator, ",\n") << "{\"name\": " << quoted(statement.name)
             << ",\n \"sql\": " << quoted(statement.sql)
             << ",\n \"params\": " << quoted(statement.params) << ",\n \"rows\": " << list(rows)
             << "}";
    }
    file << "\n]\n";
}

std::map<std::string, std::string> texts(const std::vector<LoggedStatement>& statements) {
    std::map<std::string, std::string> texts;
    for (const LoggedStatement& statement : statements)
        texts[statement.name] = statement.sql;
    return texts;
}

TEST(PostgresUpgrade, FrozenStatementsOfThisVersionAreThoseOfThisBinary) {
    const std::vector<LoggedStatement> sent = statements_of_now();
    if (const char* path = std::getenv(kFreeze)) return freeze(path, sent);
    std::vector<LoggedStatement> kept;
    for (Step& step : frozen(newest()))
        kept.push_back(std::move(step.statement));
    EXPECT_EQ(texts(kept), texts(sent))
        << "make tests/store/frozen anew while this schema version is not released, else write a "
           "migration; see docs/decisions/0003-rolling-upgrades.md";
}

TEST(PostgresUpgrade, FrozenStatementsAreOfThisVersionAndTheOneBefore) {
    // No version before the third ran on PostgreSQL.
    for (int version = std::max(newest() - 1, 3); version <= newest(); ++version)
        EXPECT_FALSE(frozen(version).empty()) << version;
}

TEST(PostgresUpgrade, StatementsOfThePreviousBinaryAnswerTheSameOnTheNewestSchema) {
    // Of this version, too: they show that the frozen answers come about again at all.
    for (int version = newest() - 1; version <= newest(); ++version) {
        const PostgresDatabase database;
        RawPostgres raw(database.conninfo());
        EXPECT_THAT(differences(raw, frozen(version)), testing::IsEmpty()) << version;
    }
}

/// What the statements of this version notice of a change of the schema.
std::vector<std::string> noticed(const std::string& change) {
    const PostgresDatabase database;
    RawPostgres raw(database.conninfo());
    raw.run(change);
    return differences(raw, frozen(newest()));
}

TEST(PostgresUpgrade, SchemaThatOnlyGrowsIsNoDifferenceToThePreviousBinary) {
    EXPECT_THAT(noticed("ALTER TABLE users ADD COLUMN nick text NOT NULL DEFAULT ''; "
                        "CREATE TABLE further (id uuid PRIMARY KEY)"),
                testing::IsEmpty());
}

TEST(PostgresUpgrade, SchemaThatBreaksThePreviousBinaryIsFound) {
    using testing::Contains;
    EXPECT_THAT(noticed("ALTER TABLE users ADD COLUMN nick text NOT NULL"),
                Contains(HasSubstr("add_user: ")));
    EXPECT_THAT(noticed("ALTER TABLE sessions RENAME COLUMN repeats TO again"),
                Contains(HasSubstr("rotate_session: ")));
    EXPECT_THAT(noticed("ALTER TABLE outbox_lease ALTER COLUMN epoch TYPE text"),
                Contains(HasSubstr("lease_outbox: ")));
    EXPECT_THAT(noticed("UPDATE key_ring SET version = 7"),
                Contains("key_ring_version: another answer"));
}

}  // namespace
}  // namespace userd
