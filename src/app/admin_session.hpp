#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "app/admin.hpp"
#include "app/settings.hpp"

namespace userd {

/// Where an administrator's requests are served, one after the other. With SQLite: in the server
/// that owns the database, or, when none runs, here, owning the database for that while. With
/// PostgreSQL: here, whatever replicas run.
class AdminSession {
  public:
    /// std::runtime_error with one clear line.
    AdminSession(const Settings& settings, bool with_keys);
    ~AdminSession();
    AdminSession(const AdminSession&) = delete;
    AdminSession& operator=(const AdminSession&) = delete;

    /// Blocking. std::runtime_error and StoreUnavailable with one clear line.
    [[nodiscard]] AdminReply run(AdminRequest request);
    /// A step of admin_steps.hpp: its one object. As run; std::runtime_error also for its failure.
    [[nodiscard]] boost::json::object step(const std::string& command, const AdminStep& step);

  private:
    class Local;
    const Settings& settings_;
    std::unique_ptr<Local> local_;  ///< null: a server owns the database
};

}  // namespace userd
