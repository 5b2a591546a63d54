#include "app/watch_store.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"

namespace userd {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLookEvery{2};
constexpr int kRestFactor = 100;

Task<void> look(WatchParts parts) {
    co_await parts.accounts.learn_formats();
    const OutboxStats stats = co_await parts.store.outbox_stats();
    parts.figures.outbox_waiting = stats.waiting;
    parts.figures.outbox_parked = stats.parked;
    parts.figures.outbox_oldest_unix = stats.oldest ? unix_seconds(*stats.oldest) : 0;
}

/// When to count next: the longer it took, the later.
Task<SteadyClock::time_point> count_sessions(WatchParts parts) {
    const SteadyClock::time_point began = SteadyClock::now();
    try {
        parts.figures.sessions = co_await parts.store.count_sessions();
    } catch (const StoreUnavailable& error) {
        log::warning("the sessions were not counted", {{"error", error.what()}});
    }
    const SteadyClock::duration took = SteadyClock::now() - began;
    co_return began +
        std::max<SteadyClock::duration>(parts.count_sessions_every, kRestFactor * took);
}

}  // namespace

Task<void> watch_store(WatchParts parts, const std::atomic<bool>& stopping) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    SteadyClock::time_point next_count{};
    while (!stopping) {
        try {
            co_await look(parts);
            if (SteadyClock::now() >= next_count) next_count = co_await count_sessions(parts);
            parts.figures.available = true;
        } catch (const std::exception& error) {
            if (parts.figures.available.exchange(false))
                log::error("the store does not serve", {{"error", error.what()}});
        }
        timer.expires_after(kLookEvery);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

}  // namespace userd
