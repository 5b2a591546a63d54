#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "store/postgres_fixture.hpp"

namespace userd {

/// One execution of a prepared statement, as the server saw it.
struct LoggedStatement {
    std::string name;
    std::string sql;
    RawPostgres::Row params;
};

/// What the stores of a database sent to the server, read from the server's log.
class StatementLog {
  public:
    /// From now on, on connections that are opened later.
    explicit StatementLog(const PostgresDatabase& database) : database_(database) {
        RawPostgres raw(database.conninfo());
        raw.run("ALTER DATABASE " + database.name() + " SET log_statement = 'all'");
        raw.run("ALTER DATABASE " + database.name() + " SET log_min_messages = 'log'");
    }

    /// So far. The log is written beside the statements, so this waits until it has come here.
    [[nodiscard]] std::vector<LoggedStatement> read() const {
        static int number = 0;
        const std::string mark = "SELECT 'mark " + std::to_string(++number) + "'";
        RawPostgres(database_.conninfo()).run(mark);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        std::vector<LoggedStatement> statements;
        while (!read_until(mark, statements)) {
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("the server's log does not come");
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return statements;
    }

  private:
    bool read_until(const std::string& mark, std::vector<LoggedStatement>& statements) const {
        statements.clear();
        std::ifstream log(database_.json_log());
        for (std::string line; std::getline(log, line);) {
            boost::system::error_code error;
            const boost::json::value entry = boost::json::parse(line, error);
            if (error) return false;  // the last one, half written
            if (text(entry, "dbname") != database_.name()) continue;
            const std::string message = text(entry, "message");
            if (message == "statement: " + mark) return true;
            // execute NAME: SQL
            constexpr std::string_view kExecute = "execute ";
            const std::size_t colon = message.find(": ");
            if (!message.starts_with(kExecute) || colon == std::string::npos) continue;
            statements.push_back({message.substr(kExecute.size(), colon - kExecute.size()),
                                  message.substr(colon + 2), params(text(entry, "detail"))});
        }
        return false;
    }

    static std::string text(const boost::json::value& entry, const char* name) {
        const boost::json::value* value = entry.as_object().if_contains(name);
        return value == nullptr ? "" : std::string(value->as_string());
    }

    /// Of `parameters: $1 = 'it''s', $2 = NULL`.
    static RawPostgres::Row params(const std::string& detail) {
        RawPostgres::Row params;
        std::size_t at = 0;
        while ((at = detail.find(" = ", at)) != std::string::npos) {
            at += 3;
            std::string value;
            if (detail[at] != '\'') {
                params.emplace_back("NULL");
                continue;
            }
            for (++at; at < detail.size(); ++at) {
                if (detail[at] == '\'' && detail[++at] != '\'') break;
                value += detail[at];
            }
            params.push_back(std::move(value));
        }
        return params;
    }

    const PostgresDatabase& database_;
};

}  // namespace userd
