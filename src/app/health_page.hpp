#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "app/metrics.hpp"
#include "app/trouble.hpp"
#include "http/routes/services.hpp"
#include "store/store.hpp"

namespace userd {

struct HealthParts {
    Store& store;
    const StoreFigures& figures;
    const std::atomic<bool>& started;  ///< the store has served once, and the keys are loaded
    const std::atomic<bool>& stopping;
    Trouble& trouble;                          ///< of the database
    const AuditFigures* audited;               ///< null when no audit events are written
    std::function<std::string()> audit_state;  ///< as relay_state
    std::function<std::string()> relay_state;  ///< one word, or "trouble: REASON"
};

/// What GET /health/ready says: which part fails, and to operators also why. Within a second,
/// however long the store takes.
Task<http::Health> read_health(const HealthParts& parts, http::Audience audience);

}  // namespace userd
