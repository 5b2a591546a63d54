#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/key_ring.hpp"
#include "store/outbox.hpp"

namespace userd {

enum class AuditType {
    login,
    login_failed,
    session_ended,
    token_reused,
    user_disabled,
    user_enabled,
    user_deleted,
    email_changed,
    key_changed,
};

/// As every kind of database keeps it.
[[nodiscard]] std::string_view stored_name(AuditType type) noexcept;
/// std::runtime_error for a name that is none.
[[nodiscard]] AuditType parse_audit_type(std::string_view name);

/// Something that concerns security (docs/audit-events.md). Never holds a password, a token, a
/// name, an e-mail or an address.
struct AuditEvent {
    EventId id;
    AuditType type = AuditType::login;
    Timestamp time;
    std::optional<UserId> user;  ///< absent for keys, and for a login of nobody known
    std::optional<SessionId> session;
    std::string reason;   ///< of login_failed, session_ended and key_changed
    std::string network;  ///< client_network() of who asked, or empty
    std::string key;      ///< kid

    bool operator==(const AuditEvent&) const = default;
};

/// "203.0.113.0/24" or "2001:db8:1::/48": the network of an address; empty if it is none.
[[nodiscard]] std::string client_network(std::string_view address);

/// The key_changed events of a change of the ring, without id and time: a key is `published`,
/// `activated`, `retired` or `removed`.
[[nodiscard]] std::vector<AuditEvent> key_changes(const std::vector<StoredKey>& before,
                                                  const std::vector<StoredKey>& after);

/// What waits for the audit topic. The store's operations write here, in the transaction of what
/// they do, if the store was opened with `audit`. As Outbox its events have `Event::audit`; what
/// Event::user says there only keeps those of one user in order.
class AuditLog : public Outbox {
  public:
    /// Events of what changed nothing in the store.
    virtual Task<void> add(std::vector<AuditEvent> events) = 0;
    virtual Task<std::int64_t> count_waiting() = 0;  ///< parked ones too
    virtual Task<std::int64_t> count_parked() = 0;
};

}  // namespace userd
