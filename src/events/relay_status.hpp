#pragma once

#include <mutex>
#include <string>

#include "events/relay.hpp"

namespace userd {

/// What a relay tells the outside: its figures, and a log line at each change between serving and
/// trouble, not at each failure. Thread-safe.
class RelayStatus {
  public:
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

    void broker_trouble(const std::string& reason);
    void store_trouble(const std::string& reason);
    void store_serves();

  private:
    mutable std::mutex mutex_;
    RelayStats stats_;            ///< last_error is made by stats()
    std::string broker_trouble_;  ///< empty after an acknowledgement
    std::string store_trouble_;
    std::string lease_trouble_;  ///< empty after an answer to a claim
};

}  // namespace userd
