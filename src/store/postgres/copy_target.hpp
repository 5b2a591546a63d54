#pragma once

#include <memory>

#include "base/secret.hpp"
#include "store/copy/copy.hpp"

namespace userd {

/// A PostgreSQL database whose schema is up to date. std::runtime_error and StoreUnavailable with
/// one line. What is copied into it is noted in its table `database_copy`.
[[nodiscard]] std::unique_ptr<CopyTarget> make_postgres_target(const Secret& conninfo);

}  // namespace userd
