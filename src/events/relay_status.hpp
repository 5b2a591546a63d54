#pragma once

#include <array>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "events/relay.hpp"

namespace userd {

/// What a relay tells the outside: its figures, and log lines: of each kind of fault one a minute
/// at most. Thread-safe.
class RelayStatus {
  public:
    explicit RelayStatus(std::string topic = {}) : topic_(std::move(topic)) {}
    [[nodiscard]] RelayStats stats() const;

    void acknowledged();
    void removed(std::size_t count);
    void parked();
    void delivery_failed();
    void producer_restarted();

    void leading(std::int64_t epoch);
    void standing_by();  ///< another has the lease
    void lost();         ///< the lease; nothing more is known
    void released();     ///< the lease, at the end
    void lease_trouble(const std::string& reason);

    /// The publisher is of no use any more. Stands until an acknowledgement or another trouble.
    void broker_trouble(const BrokerError& error);
    /// Heard beside the deliveries. A connection that ends is no trouble while nothing is awaited.
    void broker_error(const BrokerError& error);
    /// No answer to what was sent. What a broker has said is wrong stands.
    void broker_silent();
    void refused();  ///< an event, for ever
    void store_trouble(const std::string& reason);
    void store_serves();

  private:
    using Clock = std::chrono::steady_clock;
    void count(BrokerFault fault) { ++stats_.broker_errors[static_cast<std::size_t>(fault)]; }
    void set_broker_trouble(const BrokerError& error);

    const std::string topic_;
    mutable std::mutex mutex_;
    RelayStats stats_;                           ///< last_error is made by stats()
    std::optional<BrokerError> broker_trouble_;  ///< none after an acknowledgement
    std::array<Clock::time_point, kBrokerFaults> next_line_{};
    std::string connection_error_;  ///< the last
    bool is_trouble_told_ = false;  ///< by a line of the log
    std::string store_trouble_;
    std::string lease_trouble_;  ///< empty after an answer to a claim
};

}  // namespace userd
