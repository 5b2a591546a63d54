#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/postgres/database.hpp"
#include "store/store.hpp"

/// Events and the outbox: the statements behind Store's operations of the same names.
namespace userd::postgres {

[[nodiscard]] Task<std::vector<Event>> waiting_events(Database& db, std::int64_t after, int limit,
                                                      std::int64_t epoch);
[[nodiscard]] Task<std::vector<Store::Waiting>> list_waiting(Database& db, int limit);
[[nodiscard]] Task<void> remove_sent(Database& db, std::vector<std::int64_t> sequences,
                                     std::int64_t epoch);
[[nodiscard]] Task<void> park_event(Database& db, std::int64_t sequence, std::string reason,
                                    std::int64_t epoch);
[[nodiscard]] Task<OutboxStats> outbox_stats(Database& db);

/// Waits for whoever takes events of the user ($1) out of the outbox, and keeps others from it.
extern const Statement kLockOutboxOfUser;
/// Erases the states of the events of the user ($1) that have left the outbox; after
/// kLockOutboxOfUser, so that none is between here and there.
extern const Statement kEraseSentStates;

}  // namespace userd::postgres
