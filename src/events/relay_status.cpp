#include "events/relay_status.hpp"

#include <utility>

#include "base/log.hpp"

namespace userd {
namespace {

constexpr std::chrono::minutes kLineEvery{1};

std::string describe(const BrokerError& error) {
    const std::string_view advice = advice_on(error.fault);
    if (advice.empty()) return error.text;
    return std::string(name_of(error.fault)) + ": " + std::string(advice) + " (" + error.text + ")";
}

}  // namespace

RelayStats RelayStatus::stats() const {
    const std::lock_guard lock(mutex_);
    RelayStats stats = stats_;
    for (const std::string* trouble : {&store_trouble_, &lease_trouble_})
        if (stats.last_error.empty()) stats.last_error = *trouble;
    if (stats.last_error.empty() && broker_trouble_) stats.last_error = describe(*broker_trouble_);
    return stats;
}

void RelayStatus::acknowledged() {
    const std::lock_guard lock(mutex_);
    stats_.connected = true;
    connection_error_.clear();
    if (!broker_trouble_) return;
    broker_trouble_.reset();
    if (std::exchange(is_trouble_told_, false))
        log::info("kafka takes events again", {{"topic", topic_}});
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
    log::info("this process sends the events", {{"topic", topic_}, {"epoch", epoch}});
}

void RelayStatus::standing_by() {
    const std::lock_guard lock(mutex_);
    lease_trouble_.clear();
    if (std::exchange(stats_.standby, true)) return;
    log::info("another process sends the events", {{"topic", topic_}});
}

void RelayStatus::lost() {
    const std::lock_guard lock(mutex_);
    stats_.leading = stats_.standby = stats_.connected = false;
    // Both were seen by a sender, which this is no more.
    broker_trouble_.reset();
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
    if (is_new)
        log::warning("the lease on the outbox cannot be had",
                     {{"topic", topic_}, {"reason", reason}});
}

void RelayStatus::broker_trouble(const BrokerError& error) {
    const std::lock_guard lock(mutex_);
    count(error.fault);
    set_broker_trouble(error);
}

void RelayStatus::broker_error(const BrokerError& error) {
    const std::lock_guard lock(mutex_);
    count(error.fault);
    if (error.fault == BrokerFault::unreachable) connection_error_ = error.text;
    if (error.fault != BrokerFault::unreachable || broker_trouble_) set_broker_trouble(error);
}

void RelayStatus::broker_silent() {
    const std::lock_guard lock(mutex_);
    if (broker_trouble_) return;
    set_broker_trouble(
        {BrokerFault::unreachable, connection_error_.empty() ? "no answer" : connection_error_});
}

void RelayStatus::refused() {
    const std::lock_guard lock(mutex_);
    count(BrokerFault::refused);
}

void RelayStatus::set_broker_trouble(const BrokerError& error) {
    stats_.connected = false;
    broker_trouble_ = error;
    Clock::time_point& next = next_line_[static_cast<std::size_t>(error.fault)];
    if (Clock::now() < next) return;
    next = Clock::now() + kLineEvery;
    is_trouble_told_ = true;
    log::warning("kafka takes no events; they wait in the outbox",
                 {{"topic", topic_},
                  {"reason", name_of(error.fault)},
                  {"advice", advice_on(error.fault)},
                  {"detail", error.text}});
}

void RelayStatus::store_trouble(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    const bool is_new = store_trouble_.empty();
    store_trouble_ = reason;
    if (is_new)
        log::warning("the outbox cannot be read or cleared; events wait",
                     {{"topic", topic_}, {"reason", reason}});
}

void RelayStatus::store_serves() {
    const std::lock_guard lock(mutex_);
    if (store_trouble_.empty()) return;
    store_trouble_.clear();
    log::info("the outbox serves again", {{"topic", topic_}});
}

}  // namespace userd
