#pragma once

#include <stop_token>
#include <string>
#include <thread>

#include "accounts/key_keeper.hpp"
#include "app/settings.hpp"
#include "app/trouble.hpp"
#include "async/task.hpp"

namespace userd {

/// Waits for PostgreSQL: brings its schema up to date and loads the keys, tried again until both
/// are done. Why it is not yet is the trouble's reason.
class DatabaseStart {
  public:
    DatabaseStart(const Settings& settings, KeyKeeper& keeper, Trouble& trouble);
    ~DatabaseStart();
    DatabaseStart(const DatabaseStart&) = delete;
    DatabaseStart& operator=(const DatabaseStart&) = delete;

    /// False when stopped before. std::runtime_error with one line when trying again does not help:
    /// the ring's keys do not open.
    Task<bool> run();
    void stop() { stop_.request_stop(); }

  private:
    Task<std::string> migrate();
    Task<std::string> load_keys();

    const Settings& settings_;
    KeyKeeper& keeper_;
    Trouble& trouble_;
    std::stop_source stop_;
    std::thread migration_;  ///< libpq connects and looks names up in place
};

}  // namespace userd
