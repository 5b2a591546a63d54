#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/writer.hpp"
#include "store/store.hpp"

/// Events and the outbox: the statements behind Store's operations of the same names.
namespace userd::sqlite {

/// Writes the event into `events` and `outbox`; its `sequence` is given by the database.
void insert_event(Write& write, const Event& event);
/// Erases the states of the user's events that Kafka has acknowledged.
void erase_sent_states(Write& write, UserId user);

void remove_sent(Write& write, std::vector<std::int64_t> sequences);
void park_event(Write& write, std::int64_t sequence, const std::string& reason);
[[nodiscard]] std::vector<Event> waiting_events(Connection& db, std::int64_t after, int limit);
[[nodiscard]] std::vector<Store::Waiting> list_waiting(Connection& db, int limit);
[[nodiscard]] OutboxStats outbox_stats(Connection& db);

}  // namespace userd::sqlite
