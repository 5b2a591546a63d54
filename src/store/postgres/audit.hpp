#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/audit.hpp"
#include "store/postgres/database.hpp"

namespace userd::postgres {

/// The id of the audit event of a session's end: a session ends once, so a second run of the
/// statement that ends it gives the same.
#define USERD_POSTGRES_AUDIT_ID_OF_END(session) "md5('end of ' || " session "::text)::uuid"

// The commands below belong into the run that does what they tell of, and write nothing if it was
// not done.

/// After the session was opened.
[[nodiscard]] Command audit_login(const Database& db, const OpenSession& request);
/// After the user's event was written.
[[nodiscard]] Command audit_user(const Database& db, AuditType type, const UserId& user,
                                 const EventId& event);
/// After that change of the ring.
[[nodiscard]] Command audit_keys(const Database& db, const Uuid& change,
                                 std::vector<AuditEvent> events);

/// Holds the reference, which outlives it.
[[nodiscard]] std::unique_ptr<AuditLog> make_audit_log(Database& db);

}  // namespace userd::postgres
