#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "async/notification.hpp"
#include "events/relay.hpp"
#include "events/relay_status.hpp"

namespace userd {

/// The lease on the outbox, for one relay: claims it, renews it whatever the relay waits for, and
/// ends it by this machine's monotonic clock when the store does not renew it in time. Used on one
/// loop, and through a shared_ptr.
class LeaseKeeper : public std::enable_shared_from_this<LeaseKeeper> {
  public:
    /// `on_change` is called when it is taken and when it is lost, with is_held() telling which.
    LeaseKeeper(const boost::asio::any_io_executor& executor, Outbox& store,
                const RelaySettings& settings, RelayStatus& status,
                std::function<void()> on_change);

    /// Until stop(); then gives the lease back.
    static Task<void> run(std::shared_ptr<LeaseKeeper> self);
    void stop();

    /// Not before a claim that was begun after the last doubt() is granted, and not after its end.
    [[nodiscard]] bool is_held() const { return is_held_ && Clock::now() < end_; }
    /// Another number each time it is held anew.
    [[nodiscard]] std::uint64_t holding() const { return holding_; }
    [[nodiscard]] std::int64_t epoch() const { return epoch_; }

    /// What was done under it has failed: it counts again once the store has confirmed it.
    void doubt();

  private:
    using Clock = std::chrono::steady_clock;

    Task<void> claim();
    Task<void> wait_for_next_claim();
    Task<void> give_back();
    void take(const OutboxLease& lease, Clock::time_point begun);
    void lose();
    void end_if_over();
    void watch_end();

    Outbox& store_;
    const RelaySettings settings_;
    RelayStatus& status_;
    const std::function<void()> on_change_;
    const std::shared_ptr<Notification> wakeup_;
    boost::asio::steady_timer end_timer_;
    std::int64_t epoch_ = 0;
    std::uint64_t holding_ = 0;
    bool is_ours_ = false;  ///< by the store's last answer and our clock
    bool is_held_ = false;
    bool is_stopping_ = false;
    Clock::time_point end_{};
    Clock::time_point next_claim_{};
    Clock::time_point doubted_at_{};
};

}  // namespace userd
