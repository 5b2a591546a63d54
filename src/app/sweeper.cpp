#include "app/sweeper.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"

namespace userd {
namespace {

using SteadyDuration = std::chrono::steady_clock::duration;

constexpr std::chrono::seconds kPause{1};
constexpr int kRows = 500;
// Some thousand events a second at most, so that it keeps up with what is written.
constexpr int kEvents = 250;
constexpr std::chrono::milliseconds kEventPause{100};
/// Between two walks over the old events.
constexpr std::chrono::seconds kEventRest{30};
/// Some 20 MB; more than the hash pool can fill within the counters' window.
constexpr std::int64_t kMostCounters = 200'000;

}  // namespace

Task<void> sweep_store(Store& store, SweepSettings settings, const std::atomic<bool>& stopping) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    SessionId next = settings.from;
    std::chrono::steady_clock::time_point next_counters{};
    while (!stopping) {
        try {
            const SessionSweep sweep = co_await store.sweep_sessions(next, kRows);
            next = sweep.next;
            if (const auto now = std::chrono::steady_clock::now(); now >= next_counters) {
                co_await store.sweep_attempts(kRows, kMostCounters);
                next_counters = now + settings.counters_every;
            }
        } catch (const std::exception& error) {
            log::debug("sweep put off", {{"error", error.what()}});
        }
        timer.expires_after(kPause);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

Task<void> sweep_events(Store& store, std::chrono::milliseconds age,
                        const std::atomic<bool>& stopping) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    std::int64_t after = 0;
    while (!stopping) {
        try {
            const EventSweep sweep = co_await store.sweep_events(after, kEvents, age);
            after = sweep.next;
        } catch (const std::exception& error) {
            log::debug("sweep of events put off", {{"error", error.what()}});
            after = 0;
        }
        timer.expires_after(after == 0 ? SteadyDuration(kEventRest) : SteadyDuration(kEventPause));
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

}  // namespace userd
