#include "events/relay_impl.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace userd {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kSlice{20};  // of a pause, so that stop() is heard soon

}  // namespace

Relay::Impl::Impl(Store& store, PublisherFactory make_publisher, RelaySettings settings)
    : store_(store),
      make_publisher_(std::move(make_publisher)),
      settings_(settings),
      // A read is worth its cost only if what it brings fits.
      batch_(std::clamp(settings.batch, 1, std::max(1, static_cast<int>(settings.window / 4)))),
      window_(std::max<std::size_t>(settings.window, 1)),
      settled_(store, status_, settings),
      retry_(settings.retry_first) {}

Task<void> Relay::Impl::run(std::shared_ptr<Impl> self) {
    while (!self->stopping_) {
        std::string failure;
        try {
            failure = co_await self->send_until_failure();
        } catch (const std::exception& error) {
            failure = error.what();
        }
        self->drop_publisher();
        if (self->stopping_) break;
        self->status_.broker_trouble(failure);
        self->status_.producer_restarted();
        co_await self->pause(self->retry_);
        self->retry_ = std::min(2 * self->retry_, self->settings_.retry_most);
    }
    co_await self->settled_.write_back(self->epoch_, true);
}

void Relay::Impl::nudge() {
    has_news_ = true;
    wake();
}

void Relay::Impl::stop() {
    stopping_ = true;
    wake();
}

Task<std::string> Relay::Impl::send_until_failure() {
    OutboxClaim claim{settings_.holder, settings_.lease};
    const std::optional<OutboxLease> lease = co_await store_.lease_outbox(std::move(claim));
    if (!lease) throw LeaseLost();
    epoch_ = lease->epoch;
    Publisher& publisher = install(make_publisher_());
    window_.clear();
    cursor_ = 0;
    has_news_ = true;
    while (true) {
        std::string failure = take_deliveries(publisher);
        if (!failure.empty()) co_return failure;
        if (stopping_) co_return std::string();
        const bool is_good = co_await settled_.write_back(epoch_, false);
        if (is_good) co_await fill(publisher);
        send_ready(publisher);
        report_silence();
        co_await wait(publisher);
    }
}

Publisher& Relay::Impl::install(std::unique_ptr<Publisher> made) {
    const std::lock_guard lock(mutex_);
    publisher_ = std::move(made);
    return *publisher_;
}

void Relay::Impl::drop_publisher() {
    std::unique_ptr<Publisher> dropped;  // destroyed after the lock is given back
    const std::lock_guard lock(mutex_);
    dropped = std::move(publisher_);
}

void Relay::Impl::wake() {
    const std::lock_guard lock(mutex_);
    if (publisher_) publisher_->wake();
}

Task<void> Relay::Impl::wait(Publisher& publisher) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_at(settled_.next_try().value_or(next_look_));
    timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const std::shared_ptr<Impl> self = error ? nullptr : weak.lock();
        if (self) self->wake();
    });
    co_await publisher.wait();
}

Task<void> Relay::Impl::pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const SteadyClock::time_point end = SteadyClock::now() + time;
    while (!stopping_ && SteadyClock::now() < end) {
        timer.expires_at(std::min(SteadyClock::now() + kSlice, end));
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

Task<void> Relay::Impl::fill(Publisher& publisher) {
    if (SteadyClock::now() >= next_look_) {
        cursor_ = 0;
        has_news_ = true;
        next_look_ = SteadyClock::now() + settings_.look_every;
    }
    while (!stopping_ && has_room() && has_news_.exchange(false)) {
        std::vector<Event> events;
        try {
            events = co_await store_.waiting_events(cursor_, batch_, epoch_);
        } catch (const std::exception& error) {
            has_news_ = true;
            settled_.note_store_failure(error.what());
            co_return;
        }
        settled_.note_store_success();
        if (events.size() >= static_cast<std::size_t>(batch_)) has_news_ = true;
        for (Event& event : events)
            take_in(std::move(event));
        send_ready(publisher);
    }
}

bool Relay::Impl::has_room() const {
    return window_.room() >= static_cast<std::size_t>(batch_);
}

void Relay::Impl::take_in(Event event) {
    cursor_ = event.sequence;
    if (window_.contains(event.sequence) || settled_.holds(event)) return;
    window_.add(std::move(event));
}

void Relay::Impl::send_ready(Publisher& publisher) {
    while (const Event* event = window_.next()) {
        if (!publisher.send(*event)) return;
        if (window_.in_flight() == 0) heard_at_ = SteadyClock::now();
        window_.mark_sent();
    }
}

std::string Relay::Impl::take_deliveries(Publisher& publisher) {
    std::string failure;
    for (Delivery& delivery : publisher.poll()) {
        switch (delivery.outcome) {
            case Delivery::Outcome::acknowledged:
                acknowledge(delivery.sequence);
                break;
            case Delivery::Outcome::refused:
                refuse(std::move(delivery));
                break;
            case Delivery::Outcome::topic_error:
            case Delivery::Outcome::failed:
                status_.delivery_failed();
                if (failure.empty())
                    failure = delivery.reason.empty() ? "a delivery failed" : delivery.reason;
                break;
        }
    }
    return failure;
}

void Relay::Impl::acknowledge(std::int64_t sequence) {
    if (!window_.acknowledge(sequence)) return;
    settled_.add_acknowledged(sequence);
    retry_ = settings_.retry_first;
    heard_at_ = SteadyClock::now();
    status_.acknowledged();
}

void Relay::Impl::refuse(Delivery delivery) {
    if (!window_.contains(delivery.sequence)) return;
    const UserId user = window_.user_of(delivery.sequence);
    const SendWindow::Verdict verdict = window_.refuse(delivery.sequence);
    if (verdict == SendWindow::Verdict::not_out) return;
    status_.delivery_failed();
    heard_at_ = SteadyClock::now();
    if (verdict == SendWindow::Verdict::never)
        settled_.add_refused(delivery.sequence, user, std::move(delivery.reason));
}

void Relay::Impl::report_silence() {
    // With the brokers away no delivery fails: its report only never comes.
    if (window_.in_flight() == 0 || SteadyClock::now() - heard_at_ < settings_.patience) return;
    status_.broker_trouble("the brokers do not answer");
}

}  // namespace userd
