#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "events/broker_fault.hpp"
#include "store/event.hpp"

namespace userd {

/// What became of one event that was handed over.
struct Delivery {
    enum class Outcome {
        acknowledged,  ///< the broker has it
        refused,       ///< this record can never be taken (too large, invalid): park it
        topic_error,   ///< the topic is unknown or not authorised: pause, try again later, park
                       ///< nothing
        rolled_back,   ///< not taken, through no fault of its own: send again
        failed,        ///< the producer is broken (fatal or purged): build a new one, send again
    };
    std::int64_t sequence = 0;
    Outcome outcome = Outcome::acknowledged;
    std::string reason{};
    BrokerFault fault = BrokerFault::other;
};

/// A publisher is of no use any more.
class PublisherBroken : public std::runtime_error {
  public:
    explicit PublisherBroken(BrokerError error)
        : std::runtime_error(error.text), fault_(error.fault) {}
    [[nodiscard]] BrokerFault fault() const noexcept { return fault_; }

  private:
    BrokerFault fault_;
};

/// Sends events in the order they are handed over. Not thread-safe: used by the relay's coroutine
/// only. Destroying it drops what is in flight without waiting for a broker, and a wait() that is
/// pending resumes.
class Publisher {
  public:
    virtual ~Publisher() = default;
    /// Whether it has got hold of the topic, so that no earlier publisher writes there any more.
    /// What is sent must have been read after that.
    [[nodiscard]] virtual bool is_ready() const = 0;
    /// Queues one event. False when its bounded queue is full; nothing was queued then.
    virtual bool send(const Event& event) = 0;
    /// Deliveries since the last call, in any order across users; never blocks. Throws
    /// PublisherBroken when the producer broke with nothing in flight.
    virtual std::vector<Delivery> poll() = 0;
    /// Resumes when poll() may have something, is_ready() has changed, or `wake()` was called.
    virtual Task<void> wait() = 0;
    /// Makes a pending or the next wait() resume; thread-safe.
    virtual void wake() = 0;
};

using PublisherFactory = std::function<std::unique_ptr<Publisher>()>;

}  // namespace userd
