#pragma once

#include <atomic>

#include "accounts/audit_queue.hpp"
#include "app/metrics.hpp"
#include "async/task.hpp"
#include "store/audit.hpp"

namespace userd {

/// Moves the queue's events into the audit log, and keeps the figures of it, until `stopping`.
Task<void> write_audit_events(AuditQueue& queue, AuditLog& audit, AuditFigures& figures,
                              const std::atomic<bool>& stopping);

}  // namespace userd
