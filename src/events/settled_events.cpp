#include "events/settled_events.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace userd {

SettledEvents::SettledEvents(Outbox& store, RelayStatus& status, const RelaySettings& settings)
    : store_(store),
      status_(status),
      // Removing costs less than reading, and each removal a sync of the disk.
      batch_(4 * static_cast<std::size_t>(std::max(settings.batch, 1))),
      retry_first_(settings.retry_first),
      retry_most_(settings.retry_most),
      retry_(settings.retry_first) {}

void SettledEvents::add_refused(std::int64_t sequence, UserId user, std::string reason) {
    log::error("event parked: kafka can never take it; the user's later events wait behind it",
               {{"sequence", sequence}, {"user", user.to_string()}, {"reason", reason}});
    refused_.insert_or_assign(sequence, Refused{user, std::move(reason)});
}

void SettledEvents::begin_read() {
    removed_.clear();
    parked_.clear();
}

bool SettledEvents::holds(const Event& event) const {
    if (acknowledged_.contains(event.sequence) || removed_.contains(event.sequence)) return true;
    const auto blocks = [&event](const auto& entry) {
        return entry.second.user == event.user && entry.first <= event.sequence;
    };
    return std::any_of(refused_.begin(), refused_.end(), blocks) ||
           std::any_of(parked_.begin(), parked_.end(), blocks);
}

void SettledEvents::clear() {
    acknowledged_.clear();
    refused_.clear();
    begin_read();
}

Task<void> SettledEvents::write_back(std::int64_t epoch, bool even_in_pause) {
    if (!even_in_pause && !may_try()) co_return;
    try {
        co_await park_refused(epoch);
        co_await remove_acknowledged(epoch);
    } catch (const LeaseLost&) {
        throw;
    } catch (const std::exception& error) {
        note_store_failure(error.what());
    }
}

Task<void> SettledEvents::park_refused(std::int64_t epoch) {
    while (!refused_.empty()) {
        const std::int64_t sequence = refused_.begin()->first;
        std::string reason = refused_.begin()->second.reason;
        co_await store_.park_event(sequence, std::move(reason), epoch);
        parked_.insert(refused_.extract(sequence));
        status_.parked();
        note_store_success();
    }
}

Task<void> SettledEvents::remove_acknowledged(std::int64_t epoch) {
    while (!acknowledged_.empty()) {
        const std::size_t count = std::min(batch_, acknowledged_.size());
        const auto end = std::next(acknowledged_.begin(), static_cast<std::ptrdiff_t>(count));
        const std::vector<std::int64_t> sequences(acknowledged_.begin(), end);
        co_await store_.remove_sent(sequences, epoch);
        for (const std::int64_t sequence : sequences)
            acknowledged_.erase(sequence);
        removed_.insert(sequences.begin(), sequences.end());
        status_.removed(count);
        note_store_success();
    }
}

void SettledEvents::note_store_failure(const std::string& reason) {
    next_try_ = std::chrono::steady_clock::now() + retry_;
    retry_ = std::min(2 * retry_, retry_most_);
    status_.store_trouble(reason);
}

void SettledEvents::note_store_success() {
    if (!next_try_) return;
    next_try_.reset();
    retry_ = retry_first_;
    status_.store_serves();
}

}  // namespace userd
