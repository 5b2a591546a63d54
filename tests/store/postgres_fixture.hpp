#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "store/postgres/postgres_store.hpp"
#include "support/postgres_server.hpp"
#include "support/test_clock.hpp"

namespace userd {

/// Statements past the store.
class RawPostgres {
  public:
    explicit RawPostgres(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
        if (PQstatus(connection_.get()) != CONNECTION_OK)
            throw std::runtime_error(PQerrorMessage(connection_.get()));
    }

    using Row = std::vector<std::string>;  ///< NULL is "NULL"
    std::vector<Row> run(const std::string& sql, const Row& params = {}) {
        std::vector<const char*> values;
        for (const std::string& param : params)
            values.push_back(param == "NULL" ? nullptr : param.c_str());
        const Result result(params.empty() ? PQexec(connection_.get(), sql.c_str())
                                           : PQexecParams(connection_.get(), sql.c_str(),
                                                          static_cast<int>(values.size()), nullptr,
                                                          values.data(), nullptr, nullptr, 0));
        const ExecStatusType status = PQresultStatus(result.get());
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            throw std::runtime_error(PQresultErrorMessage(result.get()));
        std::vector<Row> rows(static_cast<std::size_t>(PQntuples(result.get())));
        for (int row = 0; row < PQntuples(result.get()); ++row)
            for (int column = 0; column < PQnfields(result.get()); ++column)
                rows[static_cast<std::size_t>(row)].emplace_back(
                    PQgetisnull(result.get(), row, column) != 0
                        ? "NULL"
                        : PQgetvalue(result.get(), row, column));
        return rows;
    }
    std::string value(const std::string& sql) { return run(sql).at(0).at(0); }

  private:
    struct Finish {
        void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    };
    struct Clear {
        void operator()(PGresult* result) const noexcept { PQclear(result); }
    };
    using Result = std::unique_ptr<PGresult, Clear>;
    std::unique_ptr<PGconn, Finish> connection_;
};

/// A database of one test.
class PostgresDatabase {
  public:
    enum class Schema { none, newest };

    explicit PostgresDatabase(Schema schema = Schema::newest) {
        static int number = 0;
        name_ = "test_" + std::to_string(++number);
        admin_->run("CREATE DATABASE " + name_ + " STRATEGY file_copy TEMPLATE " +
                    (schema == Schema::newest ? migrated() : "template0"));
    }
    ~PostgresDatabase() { admin_->run("DROP DATABASE " + name_ + " WITH (FORCE)"); }
    PostgresDatabase(const PostgresDatabase&) = delete;
    PostgresDatabase& operator=(const PostgresDatabase&) = delete;

    [[nodiscard]] std::string conninfo() const { return server_->conninfo(name_); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::filesystem::path json_log() const { return server_->json_log(); }
    [[nodiscard]] PostgresSettings settings(Clock clock) const {
        PostgresSettings settings;
        settings.conninfo = Secret(conninfo());
        settings.clock = std::move(clock);
        // The machine may be busy; what is timed is tested elsewhere.
        settings.connect_timeout = std::chrono::seconds(30);
        settings.operation_timeout = std::chrono::seconds(60);
        return settings;
    }

  private:
    /// The name of a database with the newest schema, to be copied.
    const std::string& migrated() {
        static const std::string name = [this] {
            admin_->run("CREATE DATABASE migrated TEMPLATE template0");
            migrate_postgres(Secret(server_->conninfo("migrated")), std::chrono::seconds(30));
            return std::string("migrated");
        }();
        return name;
    }

    // Shared, so that they outlive a database that a static variable holds.
    const std::shared_ptr<PostgresServer> server_ = PostgresServer::shared();
    const std::shared_ptr<RawPostgres> admin_ = shared_admin();
    static std::shared_ptr<RawPostgres> shared_admin() {
        static const auto admin =
            std::make_shared<RawPostgres>(PostgresServer::shared()->conninfo("postgres"));
        return admin;
    }
    std::string name_;
};

}  // namespace userd
