#pragma once

#include <memory>

#include "base/secret.hpp"
#include "store/copy/copy.hpp"

namespace userd {

/// A PostgreSQL database whose schema is up to date. std::runtime_error and StoreUnavailable with
/// one line. What is copied into it is noted in its table `database_copy`.
[[nodiscard]] std::unique_ptr<CopyTarget> make_postgres_target(const Secret& conninfo);

/// std::runtime_error with one line when a copy into the database was begun and is not finished:
/// what is there is a part, and not to be served from. StoreUnavailable.
void require_finished_copy(const Secret& conninfo);

}  // namespace userd
