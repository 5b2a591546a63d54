#include "events/kafka_transactions.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace userd::kafka {

Transactions::Transactions(const KafkaSettings& settings, BrokerErrorSink on_error,
                           const std::atomic<bool>& stopping)
    : settings_(settings),
      on_error_(std::move(on_error)),
      stopping_(stopping),
      producer_(make(settings)),
      answers_(rd_kafka_queue_new(producer_.get()), rd_kafka_queue_destroy) {
    if (settings_.create_topic) request_topic(producer_.get(), settings_.topic, answers_.get());
    warm_up(producer_.get(), settings_.topic);
}

Producer Transactions::make(const KafkaSettings& settings) {
    KafkaConfig config = make_kafka_config(settings);
    rd_kafka_conf_set_opaque(config.get(), this);
    // Callbacks, not events: commit and abort serve them while they wait, on their own thread.
    rd_kafka_conf_set_dr_msg_cb(config.get(),
                                [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
                                    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
                                        static_cast<Transactions*>(opaque)->undelivered_.emplace(
                                            sequence_of(*message), message->err);
                                });
    rd_kafka_conf_set_error_cb(config.get(),
                               [](rd_kafka_t*, int error, const char* reason, void* opaque) {
                                   auto& self = *static_cast<Transactions*>(opaque);
                                   const auto code = static_cast<rd_kafka_resp_err_t>(error);
                                   if (!is_summary(code))
                                       self.on_error_({self.watch_.fault_of(code), reason});
                               });
    rd_kafka_conf_set_ssl_cert_verify_cb(
        config.get(), [](rd_kafka_t*, const char*, std::int32_t, int* x509_error, int, const char*,
                         std::size_t, char* reason, std::size_t size, void* opaque) {
            return static_cast<Transactions*>(opaque)->watch_.judge(*x509_error, reason, size);
        });
    return make_producer(std::move(config));
}

void Transactions::take_hold() {
    const Error error = repeat(rd_kafka_init_transactions);
    if (error) throw PublisherBroken(describe(error.get()));
}

bool Transactions::add(const Event& event) {
    if (!is_open_) {
        const Error error(rd_kafka_begin_transaction(producer_.get()), rd_kafka_error_destroy);
        if (error) {
            broken_ = describe(error.get());
            return false;
        }
        is_open_ = true;
    }
    const rd_kafka_resp_err_t error = produce(producer_.get(), settings_, event);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        added_.push_back(event.sequence);
        return true;
    }
    if (outcome_of(error) == Delivery::Outcome::refused) {
        early_.push_back({event.sequence, Delivery::Outcome::refused, rd_kafka_err2str(error),
                          BrokerFault::refused});
        return true;
    }
    if (added_.empty()) broken_ = {kafka::fault_of(error), rd_kafka_err2str(error)};
    return false;
}

std::vector<Delivery> Transactions::commit() {
    is_open_ = false;
    const Error error = repeat(rd_kafka_commit_transaction);
    std::vector<Delivery> deliveries;
    if (!error) {
        roll_backs_ = 0;
        for (const std::int64_t sequence : added_)
            deliveries.push_back({.sequence = sequence});
    } else {
        deliveries = may_go_on(error.get()) ? roll_back() : fail(error.get());
    }
    std::move(early_.begin(), early_.end(), std::back_inserter(deliveries));
    early_.clear();
    added_.clear();
    undelivered_.clear();
    return deliveries;
}

bool Transactions::may_go_on(const rd_kafka_error_t* error) {
    // librdkafka 2.0.2 does not renumber what follows a refused batch, so that the next transaction
    // fails with "skipped sequence numbers"; the abort of that one renumbers.
    constexpr int kMostRollBacks = 3;
    if (rd_kafka_error_txn_requires_abort(error) == 0) return false;
    if (is_of_topic(error)) return false;
    if (is_any(Delivery::Outcome::refused)) roll_backs_ = 0;
    return ++roll_backs_ <= kMostRollBacks;
}

std::vector<Delivery> Transactions::roll_back() {
    const Error error = repeat(rd_kafka_abort_transaction);
    if (error) return fail(error.get());
    std::vector<Delivery> deliveries;
    for (const std::int64_t sequence : added_) {
        const auto found = undelivered_.find(sequence);
        const bool is_refused =
            found != undelivered_.end() && outcome_of(found->second) == Delivery::Outcome::refused;
        if (is_refused)
            deliveries.push_back({sequence, Delivery::Outcome::refused,
                                  rd_kafka_err2str(found->second), BrokerFault::refused});
        else
            deliveries.push_back({.sequence = sequence, .outcome = Delivery::Outcome::rolled_back});
    }
    return deliveries;
}

std::vector<Delivery> Transactions::fail(const rd_kafka_error_t* error) {
    broken_ = describe(error);
    const auto of_topic =
        std::find_if(undelivered_.begin(), undelivered_.end(), [](const auto& entry) {
            return outcome_of(entry.second) == Delivery::Outcome::topic_error;
        });
    if (of_topic != undelivered_.end()) {
        const BrokerFault fault = kafka::fault_of(of_topic->second);
        broken_ = {fault,
                   explain_topic(fault, rd_kafka_err2str(of_topic->second), creation_failure_)};
    }
    const auto outcome =
        is_of_topic(error) ? Delivery::Outcome::topic_error : Delivery::Outcome::failed;
    std::vector<Delivery> deliveries;
    for (const std::int64_t sequence : added_)
        deliveries.push_back({sequence, outcome, broken_.text, broken_.fault});
    return deliveries;
}

bool Transactions::is_of_topic(const rd_kafka_error_t* error) const {
    return outcome_of(rd_kafka_error_code(error)) == Delivery::Outcome::topic_error ||
           is_any(Delivery::Outcome::topic_error);
}

bool Transactions::is_any(Delivery::Outcome outcome) const {
    return std::any_of(undelivered_.begin(), undelivered_.end(), [outcome](const auto& entry) {
        return outcome_of(entry.second) == outcome;
    });
}

Transactions::Error Transactions::repeat(Step step) {
    constexpr int kPause = 20;  // milliseconds, for errors that come at once
    while (true) {
        hear_of_topic();
        Error error(step(producer_.get(), kStep), rd_kafka_error_destroy);
        if (!error || stopping_ || rd_kafka_error_is_retriable(error.get()) == 0) return error;
        rd_kafka_poll(producer_.get(), kPause);
    }
}

void Transactions::serve() {
    hear_of_topic();
    rd_kafka_poll(producer_.get(), 0);
}

void Transactions::hear_of_topic() {
    while (
        const QueueEvent answer{rd_kafka_queue_poll(answers_.get(), 0), rd_kafka_event_destroy}) {
        creation_failure_ = creation_failure(answer.get(), settings_.topic);
    }
}

BrokerError Transactions::describe(const rd_kafka_error_t* error) const {
    // A fatal error's first cause tells more than what it made impossible.
    std::array<char, 512> reason{};
    const rd_kafka_resp_err_t fatal =
        rd_kafka_fatal_error(producer_.get(), reason.data(), reason.size());
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) return {kafka::fault_of(fatal), reason.data()};
    return {kafka::fault_of(rd_kafka_error_code(error)), rd_kafka_error_string(error)};
}

}  // namespace userd::kafka
