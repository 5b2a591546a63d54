#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "store/event.hpp"

namespace userd {

/// What became of one event that was handed over.
struct Delivery {
    enum class Outcome {
        acknowledged,  ///< the broker has it
        refused,       ///< this record can never be taken (too large, invalid): park it
        topic_error,   ///< the topic is unknown or not authorised: pause, try again later, park
                       ///< nothing
        failed,        ///< the producer is broken (fatal or purged): build a new one, send again
    };
    std::int64_t sequence = 0;
    Outcome outcome = Outcome::acknowledged;
    std::string reason;
};

/// Sends events in the order they are handed over. Not thread-safe: used by the relay's coroutine
/// only. Destroying it drops what is in flight without waiting.
class Publisher {
  public:
    virtual ~Publisher() = default;
    /// Queues one event. False when its bounded queue is full; nothing was queued then.
    virtual bool send(const Event& event) = 0;
    /// Deliveries since the last call, in any order across users; never blocks.
    virtual std::vector<Delivery> poll() = 0;
    /// Resumes when poll() may have something, or `wake()` was called.
    virtual Task<void> wait() = 0;
    /// Makes a pending or the next wait() resume; thread-safe.
    virtual void wake() = 0;
};

using PublisherFactory = std::function<std::unique_ptr<Publisher>()>;

}  // namespace userd
