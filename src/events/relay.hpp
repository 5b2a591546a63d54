#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "events/publisher.hpp"
#include "store/store.hpp"

namespace userd {

/// Read at any time from any thread.
struct RelayStats {
    std::uint64_t sent = 0;             ///< acknowledged and removed
    std::uint64_t delivery_errors = 0;  ///< handed over, and not acknowledged
    std::uint64_t parked = 0;
    std::uint64_t producer_restarts = 0;
    bool leading = false;    ///< has the lease on the outbox
    bool standby = false;    ///< another process has it
    std::int64_t epoch = 0;  ///< of the lease, when last had
    bool connected = false;  ///< the last thing heard from the broker was an acknowledgement
    std::string last_error;  ///< what keeps events waiting; empty when nothing does
    std::array<std::uint64_t, kBrokerFaults> broker_errors{};  ///< by BrokerFault
};

struct RelaySettings {
    std::string topic;                                            ///< for the log
    std::string holder = make_uuid_v7(system_now()).to_string();  ///< OutboxClaim::holder
    std::chrono::milliseconds lease{5000};        ///< OutboxClaim::duration; renewed every third
    std::chrono::milliseconds claim_every{1000};  ///< while another has it
    /// Looks for what comes after the events read without a nudge, since other processes write too.
    /// Unset: only this one does.
    std::optional<std::chrono::milliseconds> poll;
    std::size_t window = 10000;  ///< events read and not yet acknowledged
    int batch = 1000;            ///< events read at once; four times as many are removed at once
    std::chrono::milliseconds retry_first{250};
    std::chrono::milliseconds retry_most{5000};
    /// Looks into the outbox from its start without a nudge: finds what became visible late.
    std::chrono::milliseconds look_every{1000};
    std::chrono::milliseconds patience{5000};  ///< no answer to anything for so long is trouble
};

/// Moves events from the outbox to the publisher, in order per user (of each user one event is in
/// flight), and removes them when acknowledged, while it has the lease on the outbox. A publisher
/// is made when the lease was claimed, reads begin when it is ready, and it is dropped when the
/// lease is lost (docs/decisions/0004-relay-lease-and-fencing.md). run() is one coroutine on one
/// loop; nudge(), note(), stop() and stats() are thread-safe.
class Relay {
  public:
    Relay(Outbox& store, PublisherFactory make_publisher, RelaySettings settings = {});
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    /// Ends soon after stop(), once what was acknowledged by then is removed and the lease is given
    /// back; what is in flight is dropped and stays in the outbox. Never throws: what goes wrong is
    /// logged, counted, tried again.
    Task<void> run();
    /// The outbox has something new.
    void nudge();
    /// What the publisher hears of a broker besides its deliveries.
    void note(const BrokerError& error);
    void stop();
    [[nodiscard]] RelayStats stats() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace userd
