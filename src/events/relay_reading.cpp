#include "events/relay_impl.hpp"

/// From the outbox to the publisher.
namespace userd {
namespace {

// The next look finds what was missing: the database has shown that it is there.
constexpr std::chrono::milliseconds kGapPause{20};

}  // namespace

void Relay::Impl::look() {
    const SteadyClock::time_point now = SteadyClock::now();
    if (now >= next_look_) {
        cursor_ = 0;
        has_news_ = true;
        next_look_ = now + settings_.look_every;
    }
    if (!settings_.poll) return;
    if (now >= next_poll_) {
        has_news_ = true;
        next_poll_ = now + *settings_.poll;
    }
    // Transactions of other users may commit out of sequence. What waits is little then, so that
    // reading all of it costs little.
    if (4 * window_.size() <= static_cast<std::size_t>(batch_)) cursor_ = 0;
}

Task<void> Relay::Impl::fill() {
    look();
    while (!stopping_ && has_room() && has_news_.exchange(false)) {
        std::vector<Event> events;
        std::string failure;
        settled_.begin_read();
        try {
            events = co_await store_.waiting_events(cursor_, batch_, epoch_);
        } catch (const LeaseLost&) {
            throw;
        } catch (const std::exception& error) {
            failure = error.what();
        }
        check_lease();
        if (!failure.empty()) {
            has_news_ = true;
            settled_.note_store_failure(failure);
            co_return;
        }
        // While something is to be written back only that shows that the store serves.
        if (settled_.is_empty()) settled_.note_store_success();
        if (events.size() >= static_cast<std::size_t>(batch_)) has_news_ = true;
        for (Event& event : events)
            take_in(std::move(event));
        send_ready();
    }
    if (std::exchange(has_gap_, false))
        next_look_ = std::min(next_look_, SteadyClock::now() + kGapPause);
}

bool Relay::Impl::has_room() const {
    const std::size_t wanted = settled_.size() + static_cast<std::size_t>(batch_);
    return window_.room() >= wanted;
}

void Relay::Impl::take_in(Event event) {
    cursor_ = event.sequence;
    if (window_.contains(event.sequence) || settled_.holds(event)) return;
    // The user's event before it became visible behind the cursor. It goes first.
    if (event.previous != 0 && !window_.contains(event.previous) &&
        !settled_.contains(event.previous)) {
        has_gap_ = true;
        return;
    }
    window_.add(std::move(event));
}

void Relay::Impl::send_ready() {
    while (const Event* event = window_.next()) {
        if (!publisher_->send(*event)) return;
        if (window_.in_flight() == 0) heard_at_ = SteadyClock::now();
        window_.mark_sent();
    }
}

}  // namespace userd
