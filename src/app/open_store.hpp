#pragma once

#include <memory>

#include "app/settings.hpp"
#include "async/loops.hpp"
#include "store/migration.hpp"
#include "store/store.hpp"

namespace userd {

/// For a server with these loops: the API's, and the background's. SQLite is opened and brought up
/// to date at once, PostgreSQL connected in the background. std::runtime_error with one line.
[[nodiscard]] std::unique_ptr<Store> open_store(const Settings& settings, Loops& api,
                                                Loops& background);

/// For one command, without loops.
[[nodiscard]] std::unique_ptr<Store> open_store(const Settings& settings);

}  // namespace userd
