#pragma once

#include <vector>

#include "store/postgres/database.hpp"
#include "store/store.hpp"

/// The statements behind EventHistory's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<EventSweep> sweep_events(Database& db, std::int64_t after, int rows,
                                            std::chrono::milliseconds age);
[[nodiscard]] Task<std::vector<EventMark>> list_events(Database& db, std::int64_t after,
                                                       std::int64_t until, int limit);
[[nodiscard]] Task<std::vector<NewestEvent>> newest_events(Database& db, UserId after, int limit);
[[nodiscard]] Task<std::vector<NewestEvent>> newest_events_of(Database& db,
                                                              std::vector<UserId> users);
[[nodiscard]] Task<std::int64_t> resend_events(Database& db, std::vector<UserId> users,
                                               ResendRange range);

[[nodiscard]] Task<std::vector<WaitingEvent>> list_parked(Database& db, std::int64_t after,
                                                          int limit);
[[nodiscard]] Task<std::int64_t> retry_parked(Database& db, std::optional<EventId> event);
[[nodiscard]] Task<std::int64_t> drop_parked(Database& db, EventId event);

}  // namespace userd::postgres
