#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

#include "async/notification.hpp"
#include "events/lease_keeper.hpp"
#include "events/relay.hpp"
#include "events/relay_status.hpp"
#include "events/send_window.hpp"
#include "events/settled_events.hpp"

namespace userd {

/// The relay's coroutine and what it knows. nudge(), note(), stop() and stats() are thread-safe.
class Relay::Impl : public std::enable_shared_from_this<Relay::Impl> {
  public:
    Impl(Outbox& store, PublisherFactory make_publisher, RelaySettings settings);

    /// Holds `self`, since the coroutine may be destroyed with its loop after the relay.
    static Task<void> run(std::shared_ptr<Impl> self);
    void nudge();
    void note(const BrokerError& error) { status_.broker_error(error); }
    void stop();
    [[nodiscard]] RelayStats stats() const { return status_.stats(); }

  private:
    using SteadyClock = std::chrono::steady_clock;

    void begin(const boost::asio::any_io_executor& executor);
    Task<void> finish();

    /// One publisher's life.
    Task<void> lead();
    /// From the lowest event that is not acknowledged. Gives the reason for which the publisher
    /// must be replaced, or one without a text after stop(). LeaseLost.
    Task<BrokerError> send_until_failure();
    /// The two halves of that, beside each other: the next events go out while those that were
    /// acknowledged are removed. LeaseLost.
    Task<void> send();
    Task<void> write_back();
    /// LeaseLost; what else uses publisher_ relies on this since the last wait.
    void check_lease() const;
    void install(std::unique_ptr<Publisher> made);
    void drop_publisher();
    void wake();
    Task<void> wait();
    Task<void> pause(std::chrono::milliseconds time);

    /// Whether and from where the next read is due.
    void look();
    /// Reads while a whole batch fits and there may be more. LeaseLost.
    Task<void> fill();
    [[nodiscard]] bool has_room() const;
    void take_in(Event event);
    void send_ready();

    /// The reason if the publisher is broken or the topic takes no events.
    BrokerError take_deliveries();
    void acknowledge(std::int64_t sequence);
    void refuse(Delivery delivery);
    void roll_back(std::int64_t sequence);
    void report_silence();

    Outbox& store_;
    PublisherFactory make_publisher_;
    const RelaySettings settings_;
    const int batch_;
    RelayStatus status_;
    SendWindow window_;
    SettledEvents settled_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> has_news_{true};  ///< the outbox may have something after the cursor
    std::uint64_t holding_ = 0;         ///< of the lease, for which the publisher was made
    std::int64_t epoch_ = 0;            ///< of the lease under which it was last held
    std::int64_t cursor_ = 0;           ///< the last event read
    bool has_gap_ = false;  ///< an event was passed over that is to be read from the start again
    SteadyClock::time_point next_look_{};
    SteadyClock::time_point next_poll_;
    SteadyClock::time_point heard_at_{};  ///< of the broker, while something is in flight
    std::chrono::milliseconds retry_;
    BrokerError failure_;      ///< what send() ended with
    bool is_sending_ = false;  ///< send() has not ended
    bool is_lost_ = false;     ///< write_back() was told that the lease is
    std::shared_ptr<Notification> settled_news_;
    std::shared_ptr<LeaseKeeper> lease_;
    bool has_lease_ended_ = false;
    std::mutex mutex_;
    // Both are set under mutex_, since other threads wake the relay.
    std::shared_ptr<Notification> changed_;  ///< the lease, or stopping_
    std::unique_ptr<Publisher> publisher_;   ///< none without the lease
};

}  // namespace userd
