#include "events/kafka_transactions.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace userd::kafka {

Transactions::Transactions(const KafkaSettings& settings,
                           std::function<void(const std::string&)> on_error,
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
    rd_kafka_conf_set_error_cb(
        config.get(), [](rd_kafka_t*, int error, const char* reason, void* opaque) {
            const char* name = rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error));
            static_cast<Transactions*>(opaque)->on_error_(std::string(name) + ": " + reason);
        });
    return make_producer(std::move(config));
}

void Transactions::take_hold() {
    const Error error = repeat(rd_kafka_init_transactions);
    if (error) throw std::runtime_error(describe(error.get()));
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
        early_.push_back({event.sequence, Delivery::Outcome::refused, rd_kafka_err2str(error)});
        return true;
    }
    if (added_.empty()) broken_ = rd_kafka_err2str(error);
    return false;
}

std::vector<Delivery> Transactions::commit() {
    is_open_ = false;
    const Error error = repeat(rd_kafka_commit_transaction);
    std::vector<Delivery> deliveries;
    if (!error) {
        roll_backs_ = 0;
        for (const std::int64_t sequence : added_)
            deliveries.push_back({sequence, Delivery::Outcome::acknowledged, ""});
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
            deliveries.push_back(
                {sequence, Delivery::Outcome::refused, rd_kafka_err2str(found->second)});
        else
            deliveries.push_back({sequence, Delivery::Outcome::rolled_back, ""});
    }
    return deliveries;
}

std::vector<Delivery> Transactions::fail(const rd_kafka_error_t* error) {
    broken_ = describe(error);
    const bool is_topics =
        outcome_of(rd_kafka_error_code(error)) == Delivery::Outcome::topic_error ||
        is_any(Delivery::Outcome::topic_error);
    const auto outcome = is_topics ? Delivery::Outcome::topic_error : Delivery::Outcome::failed;
    std::vector<Delivery> deliveries;
    for (const std::int64_t sequence : added_)
        deliveries.push_back({sequence, outcome, broken_});
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
        const std::string failure = creation_failure(answer.get(), settings_.topic);
        if (!failure.empty()) on_error_(failure);
    }
}

std::string Transactions::describe(const rd_kafka_error_t* error) const {
    // A fatal error's first cause tells more than what it made impossible.
    std::array<char, 512> reason{};
    if (rd_kafka_fatal_error(producer_.get(), reason.data(), reason.size()) != 0)
        return reason.data();
    return rd_kafka_error_string(error);
}

}  // namespace userd::kafka
