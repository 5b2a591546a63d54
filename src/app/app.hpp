#pragma once

#include <atomic>
#include <future>
#include <memory>

#include "accounts/key_keeper.hpp"
#include "app/control.hpp"
#include "app/metrics.hpp"
#include "app/settings.hpp"
#include "async/loops.hpp"
#include "events/kafka_publisher.hpp"
#include "http/routes/routes.hpp"

namespace userd {

/// The running service: owns every part in dependency order and ends them in reverse.
class App {
  public:
    /// Opens the store, loads the keys, binds the addresses. std::runtime_error with one clear
    /// line; SettingError for the TLS files.
    explicit App(Settings settings);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// Serves until SIGTERM or SIGINT, then finishes what runs within SHUTDOWN_SECONDS. SIGHUP
    /// reads the TLS files again.
    void run();

  private:
    Task<http::Health> health();
    [[nodiscard]] std::string metrics_text() const;
    [[nodiscard]] std::string relay_state() const;
    Task<void> watch_store();
    void start_relay();
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
    std::unique_ptr<Accounts> accounts_;
    StoreFigures figures_;
    std::unique_ptr<Relay> relay_;   ///< null when no broker is set
    std::future<void> relay_ended_;  ///< valid once it runs
    http::Services services_;
    std::unique_ptr<http::Server> api_;
    std::unique_ptr<http::Server> management_;
    std::unique_ptr<ControlServer> control_;
    std::atomic<bool> stopping_{false};
};

}  // namespace userd
