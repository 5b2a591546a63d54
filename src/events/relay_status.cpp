#include "events/relay_status.hpp"

#include "base/log.hpp"

namespace userd {

RelayStats RelayStatus::stats() const {
    const std::lock_guard lock(mutex_);
    RelayStats stats = stats_;
    stats.last_error = store_trouble_.empty() ? broker_trouble_ : store_trouble_;
    return stats;
}

void RelayStatus::acknowledged() {
    const std::lock_guard lock(mutex_);
    stats_.connected = true;
    if (broker_trouble_.empty()) return;
    broker_trouble_.clear();
    log::info("kafka takes events again");
}

void RelayStatus::removed(std::size_t count) {
    const std::lock_guard lock(mutex_);
    stats_.sent += count;
}

void RelayStatus::parked() {
    const std::lock_guard lock(mutex_);
    ++stats_.parked;
}

void RelayStatus::delivery_failed() {
    const std::lock_guard lock(mutex_);
    ++stats_.delivery_errors;
}

void RelayStatus::producer_restarted() {
    const std::lock_guard lock(mutex_);
    ++stats_.producer_restarts;
}

void RelayStatus::broker_trouble(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    stats_.connected = false;
    if (broker_trouble_ == reason) return;
    broker_trouble_ = reason;
    log::warning("kafka takes no events; they wait in the outbox", {{"reason", reason}});
}

void RelayStatus::store_trouble(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    const bool is_new = store_trouble_.empty();
    store_trouble_ = reason;
    if (is_new)
        log::warning("the outbox cannot be read or cleared; events wait", {{"reason", reason}});
}

void RelayStatus::store_serves() {
    const std::lock_guard lock(mutex_);
    if (store_trouble_.empty()) return;
    store_trouble_.clear();
    log::info("the outbox serves again");
}

}  // namespace userd
