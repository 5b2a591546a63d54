#include "app/audit_writer.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"

namespace userd {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::seconds kCountEvery{2};
constexpr std::size_t kBatch = 1000;
/// With more than that waiting for Kafka failed logins are dropped: some 20 MB.
constexpr std::int64_t kMostWaiting = 100'000;

Task<void> write(AuditQueue& queue, AuditLog& audit) {
    for (auto events = queue.take(kBatch); !events.empty(); events = queue.take(kBatch)) {
        const std::size_t count = events.size();
        bool is_written = false;
        try {
            co_await audit.add(std::move(events));
            is_written = true;
        } catch (const std::exception& error) {
            log::debug("audit events dropped", {{"error", error.what()}});
        }
        if (is_written) continue;
        queue.count_dropped(count);
        co_return;
    }
}

Task<void> count(AuditQueue& queue, AuditLog& audit, AuditFigures& figures) {
    figures.waiting = co_await audit.count_waiting();
    figures.parked = co_await audit.count_parked();
    queue.set_open(figures.waiting < kMostWaiting);
}

}  // namespace

Task<void> write_audit_events(AuditQueue& queue, AuditLog& audit, AuditFigures& figures,
                              const std::atomic<bool>& stopping) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    SteadyClock::time_point next_count{};
    while (!stopping) {
        co_await write(queue, audit);
        if (SteadyClock::now() >= next_count) {
            next_count = SteadyClock::now() + kCountEvery;
            try {
                co_await count(queue, audit, figures);
            } catch (const std::exception& error) {
                log::debug("audit events not counted", {{"error", error.what()}});
            }
        }
        timer.expires_after(kPause);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

}  // namespace userd
