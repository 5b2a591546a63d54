#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "events/publisher.hpp"

namespace userd {

/// What happens outside the publishers: the topic's content and the script.
struct FakeBroker {
    std::vector<Event> topic;        ///< what was written, in order, over all publishers
    std::vector<Event> handed_over;  ///< every successful send(), in order
    int publishers = 0;              ///< made so far
    int alive = 0;
    std::size_t most_in_flight = 0;
    bool is_order_broken = false;  ///< a user had two events in flight at once
    bool is_ready = true;          ///< what each publisher says
    std::size_t queue_limit = 1'000'000;
    /// Called by poll() with what is in flight; takes out of it what it gives as deliveries.
    std::function<std::vector<Delivery>(std::vector<Event>& in_flight)> script;

    /// Writes the event and takes it out of `in_flight`.
    Delivery acknowledge(std::vector<Event>& in_flight, std::size_t index) {
        topic.push_back(in_flight[index]);
        return end(in_flight, index, Delivery::Outcome::acknowledged, "");
    }
    static Delivery end(std::vector<Event>& in_flight, std::size_t index, Delivery::Outcome outcome,
                        std::string reason) {
        const std::int64_t sequence = in_flight[index].sequence;
        in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(index));
        return {sequence, outcome, std::move(reason)};
    }
    std::vector<Delivery> acknowledge_all(std::vector<Event>& in_flight) {
        std::vector<Delivery> deliveries;
        while (!in_flight.empty())
            deliveries.push_back(acknowledge(in_flight, 0));
        return deliveries;
    }
};

class FakePublisher : public Publisher {
  public:
    FakePublisher(FakeBroker& broker, boost::asio::any_io_executor executor)
        : broker_(broker), wakeup_(std::make_shared<Wakeup>(executor)) {
        ++broker_.publishers;
        ++broker_.alive;
    }
    ~FakePublisher() override {
        --broker_.alive;
        wake();
    }

    [[nodiscard]] bool is_ready() const override { return broker_.is_ready; }

    bool send(const Event& event) override {
        if (in_flight_.size() >= broker_.queue_limit) return false;
        const auto is_same_user = [&](const Event& other) { return other.user == event.user; };
        if (std::any_of(in_flight_.begin(), in_flight_.end(), is_same_user))
            broker_.is_order_broken = true;
        in_flight_.push_back(event);
        broker_.handed_over.push_back(event);
        broker_.most_in_flight = std::max(broker_.most_in_flight, in_flight_.size());
        wake();
        return true;
    }
    std::vector<Delivery> poll() override {
        std::vector<Delivery> deliveries = broker_.script(in_flight_);
        if (!deliveries.empty()) wake();
        return deliveries;
    }
    Task<void> wait() override {
        const std::shared_ptr<Wakeup> wakeup = wakeup_;
        if (!wakeup->is_due.exchange(false)) {
            wakeup->timer.expires_at(boost::asio::steady_timer::time_point::max());
            co_await wakeup->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
            wakeup->is_due = false;
        }
        // Other handlers of the loop get their turn, as with a real descriptor.
        co_await boost::asio::post(wakeup->timer.get_executor(), boost::asio::use_awaitable);
    }
    void wake() override {
        wakeup_->is_due = true;
        boost::asio::post(wakeup_->executor, [wakeup = wakeup_] { wakeup->timer.cancel(); });
    }

  private:
    struct Wakeup {
        explicit Wakeup(const boost::asio::any_io_executor& on) : executor(on), timer(on) {}
        const boost::asio::any_io_executor executor;
        boost::asio::steady_timer timer;
        std::atomic<bool> is_due{false};
    };
    FakeBroker& broker_;
    std::shared_ptr<Wakeup> wakeup_;
    std::vector<Event> in_flight_;
};

}  // namespace userd
