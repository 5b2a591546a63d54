#pragma once

#include <atomic>
#include <exception>
#include <future>
#include <memory>

#include "accounts/key_keeper.hpp"
#include "app/control.hpp"
#include "app/database_start.hpp"
#include "app/health_page.hpp"
#include "app/metrics.hpp"
#include "app/settings.hpp"
#include "app/topic_relay.hpp"
#include "app/trouble.hpp"
#include "async/loops.hpp"
#include "http/routes/routes.hpp"

namespace userd {

/// The running service: owns every part in dependency order and ends them in reverse.
class App {
  public:
    /// Opens the store and binds the addresses; with SQLite also loads the keys. std::runtime_error
    /// with one clear line; SettingError for the TLS files.
    explicit App(Settings settings);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// Serves until SIGTERM or SIGINT, then finishes what runs within SHUTDOWN_SECONDS. SIGHUP
    /// reads the TLS files again. With PostgreSQL both addresses answer at once, and the accounts
    /// once the database is there; std::runtime_error with one clear line when its keys do not
    /// open, or the schema registry refuses a schema of the events.
    void run();

  private:
    [[nodiscard]] std::string metrics_text() const;
    [[nodiscard]] static std::string state_of(const TopicRelay* relay);
    void make_relays();
    void make_servers();
    void make_control(const SqliteLocation& database);
    Task<void> start();
    /// What must be there before anyone is served. False when stopped before, or failed_start_ is
    /// set.
    Task<bool> prepare();
    /// Of all topics; none waits for another.
    Task<void> each_relay(Task<void> (TopicRelay::*step)());
    void wait_for_signal();
    void shut_down();

    Settings settings_;
    std::shared_ptr<http::TlsSource> tls_;  ///< null: plain HTTP
    std::size_t api_loops_;
    // Before the parts with threads of their own, which post to these until they are destroyed.
    Loops loops_;       ///< the API's and the management address'
    Loops background_;  ///< relay, control socket, upkeep
    std::unique_ptr<Store> store_;
    Hasher hasher_;
    HashHistograms hash_histograms_;
    std::unique_ptr<HashPool> pool_;
    FailureFloor floor_;
    std::unique_ptr<KeyKeeper> keeper_;  ///< used on the background loop once it runs
    std::unique_ptr<Tokens> tokens_;
    AttemptLimits limits_;
    std::unique_ptr<BreachCheck> breaches_;  ///< null when no service is set
    std::unique_ptr<AuditQueue> audit_;      ///< null when no audit events are written
    std::unique_ptr<Accounts> accounts_;
    StoreFigures figures_;
    AuditFigures audited_;
    Trouble trouble_{"the database"};
    std::unique_ptr<DatabaseStart> database_start_;  ///< null with SQLite, which is there already
    std::exception_ptr failed_start_;                ///< set on the background loop
    std::unique_ptr<TopicRelay> relay_;              ///< null when no broker is set
    std::unique_ptr<TopicRelay> audit_relay_;        ///< null as well without audit_
    std::future<void> background_work_;              ///< start(), which ends with the relays
    std::atomic<bool> stopping_{false};
    http::Services services_;
    HealthParts health_;
    std::unique_ptr<http::Server> api_;
    std::unique_ptr<http::Server> management_;
    std::unique_ptr<ControlServer> control_;  ///< null with PostgreSQL
};

}  // namespace userd
