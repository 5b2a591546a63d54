#include "app/app.hpp"

#include <unistd.h>

#include <boost/asio.hpp>
#include <csignal>

#include "app/audit_writer.hpp"
#include "app/keys.hpp"
#include "app/open_store.hpp"
#include "app/tls.hpp"
#include "app/upkeep.hpp"
#include "async/block_on.hpp"
#include "async/together.hpp"
#include "base/log.hpp"

namespace userd {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kBackgroundLoops = 1;
// Connections may have used up SHUTDOWN_SECONDS; a lease that is not given back costs the others
// more.
constexpr std::chrono::seconds kRelayShutdown{1};

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
      store_(open_store(settings_, loops_, background_)),
      hasher_(argon2_of(settings_)),
      pool_(std::make_unique<HashPool>(hasher_, pool_of(settings_))),
      keeper_(make_key_keeper(settings_, *store_)),
      tokens_(make_tokens(settings_, *keeper_)),
      limits_(*store_, keeper_->counter_key(),
              {.logins = settings_.login_limits, .registrations = settings_.registration_limit}),
      breaches_(make_breach_check(settings_.breach_check)),
      audit_(settings_.kafka_audit_topic.empty() ? nullptr : std::make_unique<AuditQueue>()),
      accounts_(std::make_unique<Accounts>(
          Accounts::Parts{*store_, hasher_, *pool_, floor_, limits_, *tokens_, breaches_.get(),
                          audit_.get()},
          argon2_of(settings_),
          AccountSettings{.refresh_lifetime = settings_.refresh_lifetime,
                          .max_sessions = settings_.max_sessions_per_user})),
      services_{.accounts = *accounts_,
                .health = [this](auto audience) { return read_health(health_, audience); },
                .trusted_proxies = http::TrustedProxies(settings_.trusted_proxies),
                .metrics = [this] { return metrics_text(); },
                .passwords = settings_.passwords},
      health_{*store_,
              figures_,
              services_.started,
              stopping_,
              trouble_,
              audit_ ? &audited_ : nullptr,
              [this] { return state_of(audit_relay_.get()); },
              [this] { return state_of(relay_.get()); }} {
    pool_->observe([this](auto waited, auto took) {
        hash_histograms_.wait.observe(waited);
        hash_histograms_.hash.observe(took);
    });
    if (tls_) log_warnings(*tls_->current());
    if (const auto* sqlite = std::get_if<SqliteLocation>(&settings_.database)) {
        block_on(keeper_->load([this] { return first_signing_key(settings_); }));
        make_control(*sqlite);
    } else {
        services_.started = false;
        figures_.available = false;
        database_start_ = std::make_unique<DatabaseStart>(settings_, *keeper_, trouble_);
    }
    make_relays();
    make_servers();
}

App::~App() {
    shut_down();
}

void App::make_relays() {
    const auto executor = background_.at(0).get_executor();
    relay_ = make_user_relay(settings_, *store_, executor);
    audit_relay_ = make_audit_relay(settings_, store_->audit_log(), executor);
    if (!relay_) return;
    store_->on_event([this] { relay_->nudge(); });
    if (relay_->schema() != nullptr) services_.started = false;
}

void App::make_servers() {
    http::ServerSettings api = server_of(settings_, settings_.listen, "api");
    api.tls = tls_;
    api.cors_origins = settings_.cors_allowed_origins;
    api_ = std::make_unique<http::Server>(loops_, http::Router(http::api_routes(services_)),
                                          std::move(api));
    management_ = std::make_unique<http::Server>(
        loops_, http::Router(http::management_routes(services_)),
        server_of(settings_, settings_.management_listen, "management"));
}

void App::make_control(const SqliteLocation& database) {
    control_ = std::make_unique<ControlServer>(
        background_.at(0), control_path(database.file), [this](AdminRequest request) {
            return run_admin({*store_, *accounts_, keeper_.get(),
                              [this] { return state_of(relay_.get()); }, settings_.passwords},
                             std::move(request));
        });
}

void App::run() {
    api_->start();
    management_->start();
    background_work_ = asio::co_spawn(background_.at(0), start(), asio::use_future);
    // Signals are taken by wait_for_signal only: every thread inherits the blocked set.
    loops_.start();
    background_.start();
    wait_for_signal();
    shut_down();
    if (failed_start_) std::rethrow_exception(failed_start_);
}

Task<bool> App::prepare() {
    bool is_there = true;
    try {
        if (database_start_) is_there = co_await database_start_->run();
        if (is_there) co_await each_relay(&TopicRelay::ask_first);
    } catch (const std::exception&) {
        failed_start_ = std::current_exception();
    }
    // As an operator would end it; run() then tells why.
    if (failed_start_) ::kill(::getpid(), SIGTERM);
    co_return is_there && !failed_start_ && !stopping_;
}

Task<void> App::start() {
    const bool is_prepared = co_await prepare();
    if (!is_prepared) co_return;
    services_.started = true;
    start_upkeep(background_.at(0),
                 {*store_, database_start_ != nullptr, *accounts_, *keeper_, figures_,
                  settings_.event_retention},
                 stopping_);
    log::info("userd serves",
              {{"api", settings_.listen.address + ":" + std::to_string(api_->port())},
               {"tls", tls_ != nullptr},
               {"management",
                settings_.management_listen.address + ":" + std::to_string(management_->port())},
               {"database", describe(settings_.database)},
               {"kafka", settings_.kafka_brokers.empty() ? "not set: events wait in the outbox"
                                                         : settings_.kafka_brokers}});
    if (audit_)
        asio::co_spawn(background_.at(0),
                       write_audit_events(*audit_, store_->audit_log(), audited_, stopping_),
                       asio::detached);
    co_await each_relay(&TopicRelay::run);
}

Task<void> App::each_relay(Task<void> (TopicRelay::*step)()) {
    if (!relay_) co_return;
    if (audit_relay_)
        co_await together((*relay_.*step)(), (*audit_relay_.*step)());
    else
        co_await (*relay_.*step)();
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
    if (database_start_) database_start_->stop();
    if (relay_) relay_->stop_asking();
    if (audit_relay_) audit_relay_->stop_asking();
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
    if (audit_relay_) audit_relay_->stop();
    if (control_) control_->stop();
    loops_.stop();
    loops_.join();
    // What was acknowledged leaves the outbox, and another replica may send at once.
    if (background_work_.valid())
        background_work_.wait_until(
            std::max(deadline, std::chrono::steady_clock::now() + kRelayShutdown));
    background_.finish();
    background_.stop();
    background_.join();
}

std::string App::state_of(const TopicRelay* relay) {
    if (relay == nullptr) return "not set (KAFKA_BOOTSTRAP_SERVERS); events wait in the outbox";
    return relay->state();
}

std::string App::metrics_text() const {
    return render_metrics({{{"api", api_.get()}, {"management", management_.get()}},
                           tls_.get(),
                           *pool_,
                           hash_histograms_,
                           *accounts_,
                           relay_.get(),
                           breaches_.get(),
                           figures_,
                           audit_.get(),
                           audit_relay_.get(),
                           audited_});
}

}  // namespace userd
