#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

#include "events/relay.hpp"
#include "events/relay_status.hpp"
#include "events/send_window.hpp"
#include "events/settled_events.hpp"

namespace userd {

/// The relay's coroutine and what it knows. nudge(), stop() and stats() are thread-safe.
class Relay::Impl : public std::enable_shared_from_this<Relay::Impl> {
  public:
    Impl(Store& store, PublisherFactory make_publisher, RelaySettings settings);

    /// Holds `self`, since the coroutine may be destroyed with its loop after the relay.
    static Task<void> run(std::shared_ptr<Impl> self);
    void nudge();
    void stop();
    [[nodiscard]] RelayStats stats() const { return status_.stats(); }

  private:
    using SteadyClock = std::chrono::steady_clock;

    /// One publisher's life, from the lowest event that is not acknowledged. Gives the reason for
    /// which it must be replaced, or nothing after stop().
    Task<std::string> send_until_failure();
    Publisher& install(std::unique_ptr<Publisher> made);
    void drop_publisher();
    void wake();
    Task<void> wait(Publisher& publisher);
    Task<void> pause(std::chrono::milliseconds time);

    /// Reads while a whole batch fits and there may be more.
    Task<void> fill(Publisher& publisher);
    [[nodiscard]] bool has_room() const;
    void take_in(Event event);
    void send_ready(Publisher& publisher);

    /// The reason if the publisher is broken or the topic takes no events.
    std::string take_deliveries(Publisher& publisher);
    void acknowledge(std::int64_t sequence);
    void refuse(Delivery delivery);
    void report_silence();

    Store& store_;
    PublisherFactory make_publisher_;
    const RelaySettings settings_;
    const int batch_;
    RelayStatus status_;
    SendWindow window_;
    SettledEvents settled_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> has_news_{true};  ///< the outbox may have something after the cursor
    std::int64_t epoch_ = 0;            ///< of the lease
    std::int64_t cursor_ = 0;           ///< the last event read
    SteadyClock::time_point next_look_{};
    SteadyClock::time_point heard_at_{};  ///< of the broker, while something is in flight
    std::chrono::milliseconds retry_;
    std::mutex mutex_;
    std::unique_ptr<Publisher> publisher_;  ///< replaced under mutex_, since other threads wake it
};

}  // namespace userd
