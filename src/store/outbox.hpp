#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "store/event.hpp"
#include "store/lease.hpp"

namespace userd {

/// Events that wait for one topic, as their relay sees them.
class Outbox {
  public:
    virtual ~Outbox() = default;
    /// The right to move events to Kafka, which one holder has at a time: renewed for the one who
    /// has it, taken when it is free or has run out; nothing while another has it.
    virtual Task<std::optional<OutboxLease>> lease_outbox(OutboxClaim claim) = 0;
    /// Makes it free, unless the epoch is over already.
    virtual Task<void> release_outbox(std::int64_t epoch) = 0;

    /// Events that wait with sequence > after, in sequence order, without parked ones and without
    /// those of users who have an earlier parked one. An event with a lower sequence than one that
    /// was read may become visible later: Event::previous tells of it. LeaseLost.
    virtual Task<std::vector<Event>> waiting_events(std::int64_t after, int limit,
                                                    std::int64_t epoch) = 0;
    /// Takes acknowledged events out of the outbox. An event already gone is no error. LeaseLost.
    virtual Task<void> remove_sent(std::vector<std::int64_t> sequences, std::int64_t epoch) = 0;
    /// LeaseLost.
    virtual Task<void> park_event(std::int64_t sequence, std::string reason,
                                  std::int64_t epoch) = 0;
};

}  // namespace userd
