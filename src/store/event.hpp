#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace userd {

struct AuditEvent;

enum class EventType { user_registered, user_updated, user_deleted };

/// As every kind of database keeps it.
[[nodiscard]] std::string_view stored_name(EventType type) noexcept;
/// std::runtime_error for a name that is none.
[[nodiscard]] EventType parse_event_type(std::string_view name);

/// A user's whole state after a change, as consumers see it. Never holds a password hash.
struct UserState {
    std::string username;
    std::string email;
    Timestamp created_at;
    Timestamp updated_at;
    bool disabled = false;

    bool operator==(const UserState&) const = default;
};

/// One committed change of a user, written in the same transaction as the change.
struct Event {
    std::int64_t sequence = 0;  ///< the outbox's order: ascending per user in commit order
    EventId id;                 ///< stable over re-sends
    EventType type = EventType::user_registered;
    UserId user;
    std::int64_t version = 0;  ///< 1, 2, 3, … per user without a gap; deletion has one too
    Timestamp time;
    std::optional<UserState> state;  ///< absent for user_deleted, and once erased
    /// Of an event that was read to be sent: the sequence of its user's event before it, while that
    /// waits too; else 0. Retried events, and late commits, appear behind others that were read.
    std::int64_t previous = 0;
    std::string traceparent;  ///< W3C Trace Context of the causing request, or empty
    /// Of an AuditLog; type, version, state and traceparent say nothing then.
    std::shared_ptr<const AuditEvent> audit;

    bool operator==(const Event&) const = default;
};

}  // namespace userd
