#include "events/relay.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unordered_set>

#include "base/log.hpp"

namespace userd {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kSlice{50};   // of a pause, so that stop() is heard soon

}  // namespace

class Relay::Impl {
  public:
    Impl(Store& store, PublisherFactory make_publisher, RelaySettings settings)
        : store_(store), make_publisher_(std::move(make_publisher)), settings_(settings), retry_(settings.retry_first) {}

    Task<void> run() {
        while (!stopping_) {
            std::string failure;
            try {
                co_await send_until_failure();
            } catch (const std::exception& error) {
                failure = error.what();
            }
            drop_publisher();
            if (stopping_) break;
            if (!failure.empty()) note_trouble(failure);
            {
                const std::lock_guard lock(mutex_);
                ++stats_.producer_restarts;
            }
            co_await pause(retry_);
            retry_ = std::min(2 * retry_, settings_.retry_most);
        }
        co_await remove_acknowledged();
    }

    void nudge() {
        const std::lock_guard lock(mutex_);
        if (publisher_) publisher_->wake();
    }

    void stop() {
        stopping_ = true;
        nudge();
    }

    RelayStats stats() const {
        const std::lock_guard lock(mutex_);
        return stats_;
    }

  private:
    /// One publisher's life, from the lowest event that is not acknowledged. Returns when it must be
    /// replaced.
    Task<void> send_until_failure() {
        std::unique_ptr<Publisher> made = make_publisher_();
        Publisher& publisher = *made;
        {
            const std::lock_guard lock(mutex_);
            publisher_ = std::move(made);
        }
        cursor_ = 0;
        in_flight_.clear();
        held_back_.clear();
        asio::steady_timer look(co_await asio::this_coro::executor);
        while (!stopping_) {
            bool good = co_await take_deliveries(publisher);
            if (!good) co_return;
            good = co_await remove_acknowledged();
            if (good && in_flight_.size() < settings_.window) {
                const bool more = co_await fill(publisher);
                if (more) continue;
            }
            look.expires_after(good ? settings_.look_every : settings_.retry_first);
            look.async_wait([this](boost::system::error_code error) {
                if (!error) nudge();
            });
            co_await publisher.wait();
            look.cancel();
        }
    }

    /// Hands over what fits into the window. True when more may be waiting and may be sent.
    Task<bool> fill(Publisher& publisher) {
        std::vector<Event> events;
        try {
            events = co_await store_.waiting_events(cursor_, settings_.batch);
        } catch (const StoreUnavailable& error) {
            note_trouble(error.what());
            co_return false;
        }
        for (const Event& event : events) {
            if (in_flight_.size() >= settings_.window) co_return false;
            if (!unremoved_.contains(event.sequence) && !held_back_.contains(event.user.to_string())) {
                if (!publisher.send(event)) co_return false;
                in_flight_.emplace(event.sequence, event.user.to_string());
            }
            cursor_ = event.sequence;
        }
        co_return events.size() == static_cast<std::size_t>(settings_.batch);
    }

    /// False when the publisher is broken or the topic does not take events.
    Task<bool> take_deliveries(Publisher& publisher) {
        bool good = true;
        const std::vector<Delivery> deliveries = publisher.poll();
        for (const Delivery& delivery : deliveries) {
            switch (delivery.outcome) {
            case Delivery::Outcome::acknowledged:
                acknowledge(delivery.sequence);
                break;
            case Delivery::Outcome::refused:
                co_await park(delivery);
                break;
            case Delivery::Outcome::topic_error:
            case Delivery::Outcome::failed:
                if (good) note_trouble(delivery.reason);
                good = false;
                break;
            }
        }
        co_return good;
    }

    void acknowledge(std::int64_t sequence) {
        in_flight_.erase(sequence);
        unremoved_.insert(sequence);
        retry_ = settings_.retry_first;
        const std::lock_guard lock(mutex_);
        if (!stats_.last_error.empty()) log::info("kafka takes events again");
        stats_.connected = true;
        stats_.last_error.clear();
    }

    Task<void> park(Delivery delivery) {
        const auto sent = in_flight_.find(delivery.sequence);
        if (sent == in_flight_.end()) co_return;
        // Nothing later of this user may overtake the event that is parked.
        held_back_.insert(sent->second);
        log::error("event parked: kafka can never take it",
                   {{"sequence", delivery.sequence}, {"user", sent->second}, {"reason", delivery.reason}});
        in_flight_.erase(sent);
        co_await store_.park_event(delivery.sequence, std::move(delivery.reason));
        const std::lock_guard lock(mutex_);
        ++stats_.parked;
    }

    /// False when the store does not take it now; what was acknowledged is kept to be removed later.
    Task<bool> remove_acknowledged() {
        if (unremoved_.empty()) co_return true;
        std::vector<std::int64_t> sequences(unremoved_.begin(), unremoved_.end());
        const std::size_t count = sequences.size();
        try {
            co_await store_.remove_sent(std::move(sequences));
        } catch (const StoreUnavailable& error) {
            note_trouble(error.what());
            co_return false;
        }
        unremoved_.clear();
        const std::lock_guard lock(mutex_);
        stats_.sent += count;
        co_return true;
    }

    void drop_publisher() {
        std::unique_ptr<Publisher> dropped;
        const std::lock_guard lock(mutex_);
        dropped = std::move(publisher_);
    }

    void note_trouble(const std::string& reason) {
        bool is_new = false;
        {
            const std::lock_guard lock(mutex_);
            ++stats_.delivery_errors;
            stats_.connected = false;
            is_new = stats_.last_error != reason;
            stats_.last_error = reason;
        }
        if (is_new) log::warning("events wait", {{"reason", reason}});
    }

    Task<void> pause(std::chrono::milliseconds time) {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        const auto end = std::chrono::steady_clock::now() + time;
        while (!stopping_ && std::chrono::steady_clock::now() < end) {
            timer.expires_after(kSlice);
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }

    Store& store_;
    PublisherFactory make_publisher_;
    const RelaySettings settings_;
    std::atomic<bool> stopping_{false};
    std::int64_t cursor_ = 0;                                     ///< the last event handed over
    std::unordered_map<std::int64_t, std::string> in_flight_;     ///< sequence to user
    std::unordered_set<std::int64_t> unremoved_;                  ///< acknowledged, still in the outbox
    std::unordered_set<std::string> held_back_;                   ///< users with a parked event
    std::chrono::milliseconds retry_;
    mutable std::mutex mutex_;
    std::unique_ptr<Publisher> publisher_;                        ///< for nudge(); guarded by mutex_
    RelayStats stats_;                                            ///< guarded by mutex_
};

Relay::Relay(Store& store, PublisherFactory make_publisher, RelaySettings settings)
    : impl_(std::make_unique<Impl>(store, std::move(make_publisher), settings)) {}

Relay::~Relay() = default;

Task<void> Relay::run() {
    return impl_->run();
}

void Relay::nudge() {
    impl_->nudge();
}

void Relay::stop() {
    impl_->stop();
}

RelayStats Relay::stats() const {
    return impl_->stats();
}

}  // namespace userd
