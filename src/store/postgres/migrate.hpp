#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded.hpp"
#include "base/secret.hpp"
#include "store/migration.hpp"

namespace userd::migrations::postgres {

/// The scripts of migrations/postgres in order; the first is of schema version 1, and so on.
[[nodiscard]] const std::vector<EmbeddedFile>& files();

}  // namespace userd::migrations::postgres

namespace userd::postgres {

/// Why a binary that knows versions up to `known` cannot work with a schema of `version`; nothing
/// when it can. One version newer is accepted: that is a rolling upgrade (docs/decisions/0003).
[[nodiscard]] std::optional<std::string> complaint_about(int version, int known);

/// Why the store cannot work with that default of transaction isolation; nothing when it can. Runs
/// of several statements rely on later ones seeing what an earlier one waited for: READ COMMITTED
/// shows it, SERIALIZABLE fails and is tried again, REPEATABLE READ misses it without a word.
[[nodiscard]] std::optional<std::string> complaint_about_isolation(std::string_view level);

/// migrate_postgres with the scripts that this binary is to know.
[[nodiscard]] MigrationResult migrate(const Secret& conninfo,
                                      std::chrono::milliseconds connect_timeout,
                                      const std::vector<EmbeddedFile>& scripts,
                                      std::stop_token stop = {});

}  // namespace userd::postgres
