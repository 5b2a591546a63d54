#include "store/postgres/migrate.hpp"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "base/log.hpp"
#include "store/postgres/connect.hpp"
#include "store/postgres/failure.hpp"
#include "store/postgres/postgres_store.hpp"

namespace userd::postgres {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience{60'000};
constexpr std::chrono::milliseconds kLockSlice{500};  // so that a request to stop is heard
constexpr std::chrono::milliseconds kAnswer{10'000};
constexpr int kPollMillis = 50;
// A script that waits for a table makes everyone who comes after it wait as well.
constexpr std::chrono::milliseconds kScriptPatience{2'000};
constexpr std::chrono::milliseconds kPause{100};

constexpr char kCreate[] = R"(
    CREATE TABLE IF NOT EXISTS schema_version (
        one         integer NOT NULL PRIMARY KEY CHECK (one = 1),
        version     integer NOT NULL,
        application text    NOT NULL
    ))";

class SqlError : public std::runtime_error {
  public:
    SqlError(const std::string& message, std::string state)
        : std::runtime_error(message), state_(std::move(state)) {}
    [[nodiscard]] bool is_any_of(std::initializer_list<std::string_view> states) const {
        return std::find(states.begin(), states.end(), state_) != states.end();
    }

  private:
    std::string state_;
};

struct Clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clear>;

class Migrator {
  public:
    Migrator(ConnectionPtr connection, const std::vector<EmbeddedFile>& scripts,
             std::stop_token stop)
        : connection_(std::move(connection)), scripts_(scripts), stop_(std::move(stop)) {}

    MigrationResult run() {
        MigrationResult result;
        result.from = patiently(&Migrator::first_look);
        result.to = result.from;
        // Each in a transaction of its own; others may have made steps in between.
        while (result.to < known())
            result.to = patiently(&Migrator::step);
        if (result.to > known())
            log::warning("the schema is of a newer userd; this one serves until it is replaced",
                         {{"schema", result.to}, {"known", known()}});
        return result;
    }

  private:
    [[nodiscard]] int known() const { return static_cast<int>(scripts_.size()); }

    ResultPtr execute(const std::string& sql) {
        ResultPtr result = ask(sql);
        const ExecStatusType status = PQresultStatus(result.get());
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
        const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
        const char* message = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
        throw SqlError(one_line(message != nullptr ? message : PQerrorMessage(connection_.get())),
                       state != nullptr ? state : "");
    }

    /// The last result, or the first error.
    ResultPtr ask(const std::string& sql) {
        ResultPtr answer;
        if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return answer;
        const SteadyClock::time_point deadline = SteadyClock::now() + kAnswer;
        for (;;) {
            wait_for_result(deadline);
            ResultPtr next(PQgetResult(connection_.get()));
            if (!next) return answer;
            if (PQresultStatus(answer.get()) != PGRES_FATAL_ERROR || !answer)
                answer = std::move(next);
        }
    }

    /// Scripts take as long as they take; a server that says nothing to anything else is away.
    void wait_for_result(SteadyClock::time_point deadline) {
        pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
        while (PQisBusy(connection_.get()) != 0) {
            if (stop_.stop_requested()) throw std::runtime_error("shutting down");
            if (script_ == nullptr && SteadyClock::now() >= deadline)
                throw std::runtime_error("database: no answer in time");
            if (::poll(&socket, 1, kPollMillis) <= 0) continue;
            if (PQconsumeInput(connection_.get()) == 0) return;
        }
    }

    int first_look() {
        // Transactions here name their own; the store's take the default.
        const ResultPtr row = execute("SHOW default_transaction_isolation");
        if (const auto complaint = complaint_about_isolation(PQgetvalue(row.get(), 0, 0)))
            throw std::runtime_error("database: " + *complaint);
        return read_version();
    }

    bool has_table() {
        const ResultPtr result = execute("SELECT to_regclass('schema_version') IS NOT NULL");
        return std::string_view(PQgetvalue(result.get(), 0, 0)) == "t";
    }

    /// 0 when there is no schema yet.
    int read_version() {
        if (!has_table()) return 0;
        try {
            const ResultPtr row = execute("SELECT version, application FROM schema_version");
            if (PQntuples(row.get()) == 1 &&
                std::string_view(PQgetvalue(row.get(), 0, 1)) == "userd") {
                const int version = std::stoi(PQgetvalue(row.get(), 0, 0));
                if (const auto complaint = complaint_about(version, known());
                    complaint && version > known())
                    throw std::runtime_error("database: " + *complaint);
                return version;
            }
        } catch (const SqlError& error) {
            if (!error.is_any_of({"42703"})) throw;  // undefined column
        }
        throw std::runtime_error(
            "database: its table schema_version is of another program; set DATABASE_URL to a "
            "database, or a search_path, of userd's own");
    }

    int patiently(int (Migrator::*what)()) {
        for (;;) {
            try {
                return in_transaction(what);
            } catch (const SqlError& error) {
                // Another process made the table at the same time, or holds a lock.
                const bool may_pass = error.is_any_of({"55P03", "40P01", "40001"}) ||
                                      (raced_ && error.is_any_of({"23505", "42P07", "42710"}));
                if (!may_pass || SteadyClock::now() + kPause >= deadline_)
                    throw std::runtime_error(described(error.what()));
            }
            if (stop_.stop_requested()) throw std::runtime_error("shutting down");
            std::this_thread::sleep_for(kPause);
        }
    }

    int in_transaction(int (Migrator::*what)()) {
        script_ = nullptr;
        raced_ = false;
        try {
            execute(
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
                "SET LOCAL statement_timeout = 0; SET LOCAL client_min_messages = warning");
            // A server does not see that its client has gone while it waits for a lock.
            limit_waiting(kLockSlice);
            const int version = (this->*what)();
            execute("COMMIT");
            return version;
        } catch (const SqlError&) {
            ask("ROLLBACK");
            throw;
        }
    }

    /// The version after at most one migration.
    int step() {
        const int version = locked_version();
        if (version < known()) apply(version + 1);
        return std::max(version, std::min(version + 1, known()));
    }

    /// The lock lets others read the version meanwhile.
    int locked_version() {
        if (!has_table()) {
            raced_ = true;
            execute(kCreate);
            raced_ = false;
        }
        execute("LOCK TABLE schema_version IN SHARE ROW EXCLUSIVE MODE");
        execute(
            "INSERT INTO schema_version (one, version, application) SELECT 1, 0, 'userd' "
            "WHERE NOT EXISTS (SELECT 1 FROM schema_version)");
        return read_version();
    }

    void apply(int version) {
        script_ = &scripts_[static_cast<std::size_t>(version - 1)];
        limit_waiting(kScriptPatience);
        execute(std::string(script_->content));
        execute("UPDATE schema_version SET version = " + std::to_string(version));
        log::info("migration applied", {{"script", script_->name}});
    }

    void limit_waiting(std::chrono::milliseconds duration) {
        execute("SET LOCAL lock_timeout = " + std::to_string(std::max(duration, 1ms).count()));
    }

    [[nodiscard]] std::string described(const std::string& reason) const {
        if (script_ == nullptr) return "database: the schema was not brought up to date: " + reason;
        return "database: migration " + std::string(script_->name) + " was not applied: " + reason;
    }

    const ConnectionPtr connection_;
    const std::vector<EmbeddedFile>& scripts_;
    const std::stop_token stop_;
    const SteadyClock::time_point deadline_ = SteadyClock::now() + kPatience;
    const EmbeddedFile* script_ = nullptr;  ///< that is being applied
    bool raced_ = false;                    ///< while creating the table, which others may do too
};

}  // namespace

std::optional<std::string> complaint_about(int version, int known) {
    const std::string has = "the schema has version " + std::to_string(version);
    if (version < known)
        return has + ", this userd needs " + std::to_string(known) + "; run userd migrate";
    if (version > known + 1)
        return has + ", this userd works with " + std::to_string(known) +
               " and one newer; run a "
               "newer userd";
    return std::nullopt;
}

std::optional<std::string> complaint_about_isolation(std::string_view level) {
    if (level != "repeatable read") return std::nullopt;
    return "default_transaction_isolation is repeatable read, under which changes are missed; set "
           "it to read committed for userd's role or database";
}

MigrationResult migrate(const Secret& conninfo, std::chrono::milliseconds connect_timeout,
                        const std::vector<EmbeddedFile>& scripts, std::stop_token stop) {
    const Conninfo where(conninfo);
    std::atomic<bool> is_stopping = false;
    const std::stop_callback on_stop(stop, [&is_stopping] { is_stopping = true; });
    Connected connected = connect(where, connect_timeout, is_stopping);
    if (!connected.connection) throw std::runtime_error("database: " + connected.error);
    return Migrator(std::move(connected.connection), scripts, std::move(stop)).run();
}

}  // namespace userd::postgres

namespace userd {

MigrationResult migrate_postgres(const Secret& conninfo, std::chrono::milliseconds connect_timeout,
                                 std::stop_token stop) {
    return postgres::migrate(conninfo, connect_timeout, migrations::postgres::files(),
                             std::move(stop));
}

}  // namespace userd
