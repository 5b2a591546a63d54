#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "store/event.hpp"
#include "store/lease.hpp"

namespace userd {

/// Events that wait for one topic, as their relay sees them: store.hpp says what each does.
class Outbox {
  public:
    virtual ~Outbox() = default;
    virtual Task<std::optional<OutboxLease>> lease_outbox(OutboxClaim claim) = 0;
    virtual Task<void> release_outbox(std::int64_t epoch) = 0;
    virtual Task<std::vector<Event>> waiting_events(std::int64_t after, int limit,
                                                    std::int64_t epoch) = 0;
    virtual Task<void> remove_sent(std::vector<std::int64_t> sequences, std::int64_t epoch) = 0;
    virtual Task<void> park_event(std::int64_t sequence, std::string reason,
                                  std::int64_t epoch) = 0;
};

}  // namespace userd
