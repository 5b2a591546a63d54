#include "events/relay_status.hpp"

#include <utility>

#include "base/log.hpp"

namespace userd {

RelayStats RelayStatus::stats() const {
    const std::lock_guard lock(mutex_);
    RelayStats stats = stats_;
    for (const std::string* trouble : {&store_trouble_, &lease_trouble_, &broker_trouble_})
        if (stats.last_error.empty()) stats.last_error = *trouble;
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

void RelayStatus::leading(std::int64_t epoch) {
    const std::lock_guard lock(mutex_);
    lease_trouble_.clear();
    if (stats_.leading && stats_.epoch == epoch) return;
    stats_.leading = true;
    stats_.standby = false;
    stats_.epoch = epoch;
    log::info("this process sends the events", {{"epoch", epoch}});
}

void RelayStatus::standing_by() {
    const std::lock_guard lock(mutex_);
    lease_trouble_.clear();
    if (std::exchange(stats_.standby, true)) return;
    log::info("another process sends the events");
}

void RelayStatus::lost() {
    const std::lock_guard lock(mutex_);
    stats_.leading = stats_.standby = stats_.connected = false;
    // Both were seen by a sender, which this is no more.
    broker_trouble_.clear();
    store_trouble_.clear();
}

void RelayStatus::released() {
    const std::lock_guard lock(mutex_);
    stats_.leading = false;
}

void RelayStatus::lease_trouble(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    const bool is_new = lease_trouble_.empty();
    lease_trouble_ = reason;
    stats_.standby = false;
    if (is_new) log::warning("the lease on the outbox cannot be had", {{"reason", reason}});
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
