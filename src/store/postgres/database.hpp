#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/errc.hpp"
#include "base/ids.hpp"
#include "store/postgres/params.hpp"
#include "store/postgres/postgres_store.hpp"
#include "store/postgres/rows.hpp"
#include "store/postgres/statement.hpp"

namespace userd::postgres {

struct Command {
    const Statement* statement;
    Params params;
    /// The only row that it locks, if it is one of `sessions`.
    std::optional<Uuid> row = std::nullopt;
};

/// A unique constraint was violated; nothing of the operation was done.
class UniqueViolation : public std::runtime_error {
  public:
    explicit UniqueViolation(const std::string& what) : std::runtime_error(what) {}
};

/// The database behind its connections. Each run is one round trip and one transaction (libpq's
/// pipeline mode, one sync each), committed once it has returned; a statement sees what those
/// before it in the same run did, and each has a snapshot of its own (READ COMMITTED). Thread-safe.
///
/// A run that the database has rolled back because of others (serialization failure, deadlock), or
/// that never left this process, is tried again. One whose connection broke is tried again when
/// every statement of it is Repeat::safe, else it throws StoreUnavailable.
class Database {
  public:
    explicit Database(PostgresSettings settings);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Throws UniqueViolation, StoreUnavailable, and std::runtime_error for a fault of ours.
    /// `row`: Command::row.
    Task<Rows> run(const Statement& statement, Params params,
                   std::optional<Uuid> row = std::nullopt);
    /// Of each statement, in order.
    Task<std::vector<Rows>> run(std::vector<Command> commands);

    /// What statements take for `now`: NULL for the database's clock (kNow in now.hpp).
    [[nodiscard]] std::optional<Timestamp> now() const;
    /// PostgresSettings::audit.
    [[nodiscard]] bool audits() const noexcept { return audits_; }

  private:
    const bool audits_;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace userd::postgres
