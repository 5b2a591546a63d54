#include "app/database_start.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "app/keys.hpp"
#include "async/resume.hpp"
#include "base/log.hpp"
#include "store/postgres/copy_target.hpp"
#include "store/postgres/postgres_store.hpp"

namespace userd {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{1000};

}  // namespace

DatabaseStart::DatabaseStart(const Settings& settings, KeyKeeper& keeper, Trouble& trouble)
    : settings_(settings), keeper_(keeper), trouble_(trouble) {}

DatabaseStart::~DatabaseStart() {
    stop();
    if (migration_.joinable()) migration_.join();
}

Task<bool> DatabaseStart::run() {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    std::chrono::milliseconds pause = kFirstPause;
    while (!stop_.stop_requested()) {
        std::string reason = co_await migrate();
        if (reason.empty()) reason = co_await load_keys();
        if (reason.empty()) {
            trouble_.clear();
            co_return true;
        }
        if (stop_.stop_requested()) break;
        trouble_.note(reason);
        timer.expires_after(pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        pause = std::min(2 * pause, kLongestPause);
    }
    co_return false;
}

/// Gives the reason when it did not come about.
Task<std::string> DatabaseStart::migrate() {
    auto start = [this](Resume<std::string> resume) {
        migration_ = std::thread([this, resume = std::move(resume)] {
            std::string reason;
            try {
                const auto& database = std::get<PostgresLocation>(settings_.database);
                const MigrationResult made = migrate_postgres(
                    database.conninfo, PostgresSettings().connect_timeout, stop_.get_token());
                if (made.from != made.to)
                    log::info("schema brought up to date", {{"from", made.from}, {"to", made.to}});
                require_finished_copy(database.conninfo);
            } catch (const std::exception& error) {
                reason = error.what();
            }
            resume(std::move(reason));
        });
    };
    std::string reason = co_await wait_for<std::string>(start);
    migration_.join();
    co_return reason;
}

/// Gives the reason when the store does not serve.
Task<std::string> DatabaseStart::load_keys() {
    std::string reason;
    KeyKeeper::FirstKey first = [this] { return first_signing_key(settings_); };
    try {
        co_await keeper_.load(std::move(first));
    } catch (const StoreUnavailable& error) {
        reason = error.what();
    }
    co_return reason;
}

}  // namespace userd
