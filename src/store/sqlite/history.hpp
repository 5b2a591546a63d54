#pragma once

#include <vector>

#include "store/sqlite/writer.hpp"
#include "store/store.hpp"

/// The statements behind EventHistory's operations of the same names.
namespace userd::sqlite {

[[nodiscard]] EventSweep sweep_events(Write& write, std::int64_t after, int rows,
                                      std::chrono::milliseconds age);
[[nodiscard]] std::vector<EventMark> list_events(Connection& db, std::int64_t after,
                                                 std::int64_t until, int limit);
[[nodiscard]] std::vector<NewestEvent> newest_events(Connection& db, UserId after, int limit);
[[nodiscard]] std::vector<NewestEvent> newest_events_of(Connection& db,
                                                        const std::vector<UserId>& users);
[[nodiscard]] std::int64_t resend_events(Write& write, const std::vector<UserId>& users,
                                         const ResendRange& range);

[[nodiscard]] std::vector<WaitingEvent> list_parked(Connection& db, std::int64_t after, int limit);
[[nodiscard]] std::int64_t retry_parked(Write& write, const std::optional<EventId>& event);
[[nodiscard]] std::int64_t drop_parked(Write& write, EventId event);

}  // namespace userd::sqlite
