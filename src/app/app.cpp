#include "app/app.hpp"

#include <boost/asio.hpp>
#include <boost/json.hpp>
#include <csignal>

#include "app/kafka_settings.hpp"
#include "app/keys.hpp"
#include "app/sweeper.hpp"
#include "app/tls.hpp"
#include "base/log.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace userd {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kBackgroundLoops = 1;
constexpr std::chrono::seconds kWatchEvery{2};
constexpr int kSessionsEvery = 15;  // rounds: counting them reads the whole index
constexpr std::int64_t kBacklogWarningSeconds = 60;

std::unique_ptr<Store> open_store(const Settings& settings, std::size_t loops) {
    SqliteSettings sqlite;
    sqlite.path = settings.database;
    sqlite.readers = loops;
    return make_sqlite_store(std::move(sqlite));
}

Argon2Settings argon2_of(const Settings& settings) {
    return {settings.argon2_memory_kib, settings.argon2_iterations};
}

HashPoolSettings pool_of(const Settings& settings) {
    HashPoolSettings pool;
    pool.threads = settings.hash_threads;
    pool.queue = settings.hash_queue;
    return pool;
}

http::ServerSettings server_of(const Settings& settings, const Endpoint& endpoint,
                               std::string name) {
    http::ServerSettings server;
    server.name = std::move(name);
    server.address = endpoint.address;
    server.port = endpoint.port;
    server.max_connections = settings.max_connections;
    server.idle_timeout = settings.idle_timeout;
    return server;
}

}  // namespace

App::App(Settings settings)
    : settings_(std::move(settings)),
      tls_(open_tls(settings_)),
      api_loops_(settings_.threads),
      loops_(api_loops_),
      background_(kBackgroundLoops, api_loops_),
      store_(open_store(settings_, api_loops_ + kBackgroundLoops)),
      hasher_(argon2_of(settings_)),
      pool_(std::make_unique<HashPool>(hasher_, pool_of(settings_))),
      keeper_(make_key_keeper(settings_, *store_)),
      tokens_(make_tokens(settings_, *keeper_)),
      limits_(*store_, keeper_->counter_key(),
              {.logins = settings_.login_limits, .registrations = settings_.registration_limit}),
      breaches_(make_breach_check(settings_.breach_check)),
      accounts_(std::make_unique<Accounts>(
          Accounts::Parts{*store_, hasher_, *pool_, floor_, limits_, *tokens_, breaches_.get()},
          argon2_of(settings_),
          AccountSettings{.refresh_lifetime = settings_.refresh_lifetime,
                          .max_sessions = settings_.max_sessions_per_user})),
      services_{.accounts = *accounts_,
                .health = [this] { return health(); },
                .trusted_proxies = http::TrustedProxies(settings_.trusted_proxies),
                .metrics = [this] { return metrics_text(); },
                .passwords = settings_.passwords} {
    pool_->observe([this](auto waited, auto took) {
        hash_histograms_.wait.observe(waited);
        hash_histograms_.hash.observe(took);
    });
    if (tls_) log_warnings(*tls_->current());
    start_relay();
    http::ServerSettings api = server_of(settings_, settings_.listen, "api");
    api.tls = tls_;
    api.cors_origins = settings_.cors_allowed_origins;
    api_ = std::make_unique<http::Server>(loops_, http::Router(http::api_routes(services_)),
                                          std::move(api));
    management_ = std::make_unique<http::Server>(
        loops_, http::Router(http::management_routes(services_)),
        server_of(settings_, settings_.management_listen, "management"));
    control_ = std::make_unique<ControlServer>(
        background_.at(0), control_path(settings_.database), [this](AdminRequest request) {
            return run_admin({*store_, *accounts_, keeper_.get(), [this] { return relay_state(); },
                              settings_.passwords},
                             std::move(request));
        });
}

App::~App() {
    shut_down();
}

void App::start_relay() {
    if (settings_.kafka_brokers.empty()) return;
    auto log_error = [](const std::string& reason) { log::warning("kafka", {{"error", reason}}); };
    PublisherFactory make_publisher = [this, log_error] {
        return make_kafka_publisher(kafka_settings_of(settings_), background_.at(0).get_executor(),
                                    log_error);
    };
    relay_ =
        std::make_unique<Relay>(*store_, std::move(make_publisher), relay_settings_of(settings_));
    store_->on_event([this] { relay_->nudge(); });
}

void App::run() {
    api_->start();
    management_->start();
    if (relay_) relay_ended_ = asio::co_spawn(background_.at(0), relay_->run(), asio::use_future);
    asio::co_spawn(background_.at(0), watch_store(), asio::detached);
    asio::co_spawn(background_.at(0), sweep_store(*store_, stopping_), asio::detached);
    asio::co_spawn(background_.at(0), keep_ring(*keeper_, stopping_), asio::detached);
    // Signals are taken by wait_for_signal only: every thread inherits the blocked set.
    loops_.start();
    background_.start();
    log::info("userd serves",
              {{"api", settings_.listen.address + ":" + std::to_string(api_->port())},
               {"tls", tls_ != nullptr},
               {"management",
                settings_.management_listen.address + ":" + std::to_string(management_->port())},
               {"database", settings_.database.string()},
               {"kafka", settings_.kafka_brokers.empty() ? "not set: events wait in the outbox"
                                                         : settings_.kafka_brokers}});
    wait_for_signal();
    shut_down();
}

void App::wait_for_signal() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    int signal = 0;
    for (sigwait(&signals, &signal); signal == SIGHUP; sigwait(&signals, &signal))
        reload_tls(tls_.get());
    log::info("shutting down", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
}

void App::shut_down() {
    if (stopping_.exchange(true)) return;
    if (api_) api_->stop();
    if (management_) management_->stop();
    const auto deadline = std::chrono::steady_clock::now() + settings_.shutdown;
    const auto open = [this] {
        return (api_ ? api_->connections() : 0) + (management_ ? management_->connections() : 0);
    };
    while (open() > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (open() > 0)
        log::warning("connections cut off after SHUTDOWN_SECONDS", {{"connections", open()}});
    // From here on no commit nudges the relay.
    store_->on_event({});
    if (relay_) relay_->stop();
    if (control_) control_->stop();
    loops_.stop();
    loops_.join();
    // What was acknowledged leaves the outbox, and another replica may send at once.
    if (relay_ended_.valid()) relay_ended_.wait_until(deadline);
    background_.finish();
    background_.stop();
    background_.join();
}

Task<void> App::watch_store() {
    asio::steady_timer timer(background_.at(0));
    int round = 0;
    while (!stopping_) {
        try {
            co_await accounts_->learn_formats();
            const OutboxStats stats = co_await store_->outbox_stats();
            figures_.outbox_waiting = stats.waiting;
            figures_.outbox_parked = stats.parked;
            figures_.outbox_oldest_unix = stats.oldest ? unix_seconds(*stats.oldest) : 0;
            if (round++ % kSessionsEvery == 0)
                figures_.sessions = co_await store_->count_sessions();
            figures_.available = true;
        } catch (const std::exception& error) {
            if (figures_.available.exchange(false))
                log::error("the store does not serve", {{"error", error.what()}});
        }
        timer.expires_after(kWatchEvery);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

std::string App::relay_state() const {
    if (!relay_) return "not set (KAFKA_BOOTSTRAP_SERVERS); events wait in the outbox";
    const RelayStats stats = relay_->stats();
    if (!stats.last_error.empty()) return "trouble: " + stats.last_error;
    if (stats.standby) return "another replica sends";
    return stats.connected ? "connected" : "connecting";
}

Task<http::Health> App::health() {
    http::Health health;
    boost::json::object checks;
    try {
        co_await store_->ping();
        const OutboxStats stats = co_await store_->outbox_stats();
        const std::int64_t age = stats.oldest
                                     ? std::max<std::int64_t>(0, unix_seconds(system_now()) -
                                                                     unix_seconds(*stats.oldest))
                                     : 0;
        checks["database"] = {{"status", "ok"}};
        checks["events"] = {{"status", age > kBacklogWarningSeconds ? "warning" : "ok"},
                            {"backlog", stats.waiting},
                            {"parked", stats.parked},
                            {"oldest_seconds", age},
                            {"kafka", relay_state()}};
        health.ready = !stopping_;
        if (stopping_) checks["server"] = {{"status", "stopping"}};
    } catch (const StoreUnavailable& error) {
        // The reason goes to the log: this page may be public.
        log::warning("not ready", {{"error", error.what()}});
        checks["database"] = {{"status", "unavailable"}};
    }
    health.report = boost::json::serialize(boost::json::object{
        {"status", health.ready ? "ready" : "not ready"}, {"checks", std::move(checks)}});
    co_return health;
}

std::string App::metrics_text() const {
    return render_metrics({{{"api", api_.get()}, {"management", management_.get()}},
                           tls_.get(),
                           *pool_,
                           hash_histograms_,
                           *accounts_,
                           relay_.get(),
                           breaches_.get(),
                           figures_});
}

}  // namespace userd
