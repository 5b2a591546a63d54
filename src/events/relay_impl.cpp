#include "events/relay_impl.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "async/together.hpp"

namespace userd {
namespace asio = boost::asio;

Relay::Impl::Impl(Outbox& store, PublisherFactory make_publisher, RelaySettings settings)
    : store_(store),
      make_publisher_(std::move(make_publisher)),
      settings_(settings),
      // A read is worth its cost only if what it brings fits.
      batch_(std::clamp(settings.batch, 1, std::max(1, static_cast<int>(settings.window / 4)))),
      status_(settings.topic),
      window_(std::max<std::size_t>(settings.window, 1)),
      settled_(store, status_, settings),
      next_poll_(settings.poll ? SteadyClock::time_point() : SteadyClock::time_point::max()),
      retry_(settings.retry_first) {}

Task<void> Relay::Impl::run(std::shared_ptr<Impl> self) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    self->begin(executor);
    asio::co_spawn(executor, LeaseKeeper::run(self->lease_), [self](std::exception_ptr) {
        self->has_lease_ended_ = true;
        self->changed_->notify();
    });
    while (!self->stopping_) {
        if (self->lease_->is_held())
            co_await self->lead();
        else
            co_await Notification::wait(self->changed_);
    }
    co_await self->finish();
}

void Relay::Impl::begin(const asio::any_io_executor& executor) {
    lease_ = std::make_shared<LeaseKeeper>(executor, store_, settings_, status_, [this] {
        if (!lease_->is_held()) drop_publisher();
        changed_->notify();
    });
    settled_news_ = std::make_shared<Notification>(executor);
    const std::lock_guard lock(mutex_);
    changed_ = std::make_shared<Notification>(executor);
}

Task<void> Relay::Impl::finish() {
    try {
        co_await settled_.write_back(epoch_, true);
    } catch (const LeaseLost&) {
        // The next holder sends it again.
    }
    lease_->stop();
    while (!has_lease_ended_)
        co_await Notification::wait(changed_);
}

void Relay::Impl::nudge() {
    has_news_ = true;
    wake();
}

void Relay::Impl::stop() {
    stopping_ = true;
    wake();
}

Task<void> Relay::Impl::lead() {
    BrokerError failure;
    bool is_lost = false;
    try {
        failure = co_await send_until_failure();
    } catch (const LeaseLost&) {
        is_lost = true;
    } catch (const PublisherBroken& error) {
        failure = {error.fault(), error.what()};
    } catch (const std::exception& error) {
        failure = {BrokerFault::other, error.what()};
    }
    drop_publisher();
    // The next publisher fences whoever else sends, so the lease must be ours still.
    lease_->doubt();
    if (stopping_) co_return;
    if (is_lost) co_return co_await pause(settings_.retry_first);
    status_.broker_trouble(failure);
    status_.producer_restarted();
    co_await pause(retry_);
    retry_ = std::min(2 * retry_, settings_.retry_most);
}

Task<BrokerError> Relay::Impl::send_until_failure() {
    holding_ = lease_->holding();
    if (std::exchange(epoch_, lease_->epoch()) != lease_->epoch()) settled_.clear();
    install(make_publisher_());
    window_.clear();
    cursor_ = 0;
    has_news_ = true;
    heard_at_ = SteadyClock::now();
    failure_ = {};
    is_sending_ = true;
    is_lost_ = false;
    co_await together(send(), write_back());
    co_return std::move(failure_);
}

Task<void> Relay::Impl::send() {
    const std::shared_ptr<void> end(nullptr, [this](void*) {
        is_sending_ = false;
        settled_news_->notify();
    });
    while (true) {
        check_lease();
        failure_ = take_deliveries();
        if (!failure_.text.empty() || stopping_) co_return;
        if (settled_.is_due()) settled_news_->notify();
        if (settled_.may_try() && publisher_->is_ready()) co_await fill();
        check_lease();
        send_ready();
        report_silence();
        co_await wait();
    }
}

Task<void> Relay::Impl::write_back() {
    while (is_sending_) {
        const bool has_work = settled_.is_due();
        try {
            co_await settled_.write_back(epoch_, false);
        } catch (const LeaseLost&) {
            is_lost_ = true;
        }
        if (has_work) wake();  // send() may have waited for room
        if (is_lost_) co_return;
        if (!is_sending_ || settled_.is_due()) continue;
        co_await Notification::wait(settled_news_, settled_.is_empty()
                                                       ? SteadyClock::time_point::max()
                                                       : settled_.next_try());
    }
}

void Relay::Impl::check_lease() const {
    // The publisher goes with the lease, while this coroutine waits.
    if (is_lost_ || !publisher_ || !lease_->is_held() || lease_->holding() != holding_)
        throw LeaseLost();
}

void Relay::Impl::install(std::unique_ptr<Publisher> made) {
    const std::lock_guard lock(mutex_);
    publisher_ = std::move(made);
}

void Relay::Impl::drop_publisher() {
    std::unique_ptr<Publisher> dropped;  // destroyed after the lock is given back
    const std::lock_guard lock(mutex_);
    dropped = std::move(publisher_);
}

void Relay::Impl::wake() {
    const std::lock_guard lock(mutex_);
    if (publisher_)
        publisher_->wake();
    else if (stopping_ && changed_)
        changed_->notify();
}

Task<void> Relay::Impl::wait() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const bool is_ready = publisher_->is_ready();
    const SteadyClock::time_point next =
        is_ready ? std::min(next_look_, next_poll_) : SteadyClock::now() + settings_.look_every;
    timer.expires_at(settled_.may_try() ? next : settled_.next_try());
    timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const std::shared_ptr<Impl> self = error ? nullptr : weak.lock();
        if (self) self->wake();
    });
    co_await publisher_->wait();
}

Task<void> Relay::Impl::pause(std::chrono::milliseconds time) {
    const SteadyClock::time_point end = SteadyClock::now() + time;
    while (!stopping_ && SteadyClock::now() < end)
        co_await Notification::wait(changed_, end);
}

}  // namespace userd
