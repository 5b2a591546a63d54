#pragma once

#include <memory>

#include "store/audit.hpp"
#include "store/sqlite/readers.hpp"
#include "store/sqlite/writer.hpp"

namespace userd::sqlite {

/// The event, with the time of the write and an id; nothing unless the store writes audit events.
void audit(Write& write, AuditEvent event);

/// Holds references to both, which outlive it.
[[nodiscard]] std::unique_ptr<AuditLog> make_audit_log(Writer& writer, Readers& readers,
                                                       Clock clock);

}  // namespace userd::sqlite
