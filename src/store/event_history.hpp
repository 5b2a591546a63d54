#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/event.hpp"
#include "store/lease.hpp"

namespace userd {

struct EventSweep {
    std::int64_t next = 0;  ///< after which the next step begins; 0 when the walk is at its end
    int removed = 0;
};

/// Where an event is in the order of the outbox.
struct EventMark {
    std::int64_t sequence = 0;
    UserId user;
    Timestamp time;
};

struct NewestEvent {
    Event event;           ///< sequence 0 when it was swept: it is rebuilt from the user's row then
    bool waiting = false;  ///< it has not been acknowledged, or is to be sent again
};

struct ResendRange {
    Timestamp since;           ///< nothing of before is looked at
    bool newest_only = false;  ///< else all from the user's first event at or after `since` on
};

/// An event that waits, for people.
struct WaitingEvent {
    Event event;
    std::string parked_reason;  ///< empty when not parked
};

/// The events after they were sent, and what an operator does with them. As Store, of which it is a
/// part: whole operations, durable once they have returned, StoreUnavailable.
class EventHistory {
  public:
    virtual ~EventHistory() = default;

    /// Looks at the next `rows` events after `after` in sequence order and removes those older than
    /// `age` that are not in the outbox. The walk ends where all looked at are younger; what is
    /// sent again lies behind them and is kept until they are old.
    virtual Task<EventSweep> sweep_events(std::int64_t after, int rows,
                                          std::chrono::milliseconds age) = 0;
    /// Those kept with after < sequence <= until, in that order.
    virtual Task<std::vector<EventMark>> list_events(std::int64_t after, std::int64_t until,
                                                     int limit) = 0;
    /// Of users with id > after, by id.
    virtual Task<std::vector<NewestEvent>> newest_events(UserId after, int limit) = 0;
    /// Of these users, by id; of a deleted one as long as its deletion is kept.
    virtual Task<std::vector<NewestEvent>> newest_events_of(std::vector<UserId> users) = 0;
    /// Puts events of these users into the outbox once more, each under a new sequence behind
    /// whatever waits, and always up to the user's newest, which is rebuilt if it was swept:
    /// what waits behind the first of them moves along, parked ones stay parked. States that were
    /// erased are not sent. Id, version, type, time and state stay as they are. How many events.
    virtual Task<std::int64_t> resend_events(std::vector<UserId> users, ResendRange range) = 0;

    /// Parked ones with sequence > after, in that order.
    virtual Task<std::vector<WaitingEvent>> list_parked(std::int64_t after, int limit) = 0;
    /// Lets a parked event, or all of them, be sent again where it stands. How many.
    virtual Task<std::int64_t> retry_parked(std::optional<EventId> event) = 0;
    /// Takes a parked event out of the outbox, so that the user's later ones go. How many.
    virtual Task<std::int64_t> drop_parked(EventId event) = 0;

    virtual Task<LeaseState> read_lease() = 0;
};

}  // namespace userd
