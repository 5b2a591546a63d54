#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "async/task.hpp"
#include "events/publisher.hpp"
#include "store/store.hpp"

namespace userd {

/// Read at any time from any thread.
struct RelayStats {
    std::uint64_t sent = 0;             ///< acknowledged and removed
    std::uint64_t delivery_errors = 0;
    std::uint64_t parked = 0;
    std::uint64_t producer_restarts = 0;
    bool connected = false;             ///< the last thing heard from the broker was an acknowledgement
    std::string last_error;             ///< empty after an acknowledgement
};

struct RelaySettings {
    std::size_t window = 10000;         ///< events in flight
    int batch = 1000;                   ///< events read at once
    std::chrono::milliseconds retry_first{250};
    std::chrono::milliseconds retry_most{5000};
    std::chrono::milliseconds look_every{1000};   ///< looks into the outbox without a nudge
};

/// Moves events from the outbox to the publisher, in order per user, and removes them when acknowledged.
/// run() is one coroutine on one loop; nudge(), stop() and stats() are thread-safe.
class Relay {
  public:
    Relay(Store& store, PublisherFactory make_publisher, RelaySettings settings = {});
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    /// Ends after stop(). Never throws: what goes wrong is logged, counted and tried again.
    Task<void> run();
    void nudge();
    void stop();
    [[nodiscard]] RelayStats stats() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace userd
