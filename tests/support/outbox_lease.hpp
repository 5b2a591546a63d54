#pragma once

#include "store/store.hpp"
#include "support/run_task.hpp"

namespace userd {

/// The epoch under which a test moves events itself; the same each time while nobody else claims.
[[nodiscard]] inline std::int64_t outbox_epoch(Store& store) {
    return run_task(store.lease_outbox({"test", std::chrono::hours(24 * 365)})).value().epoch;
}

}  // namespace userd
