#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "events/kafka_faults.hpp"
#include "events/kafka_producer.hpp"

namespace userd::kafka {

/// The steps of a transactional producer, which block: for one thread of their own. They wait for
/// the brokers as long as it takes, and end within kStep once `stopping` is set; what was under way
/// then is neither committed nor aborted, and nothing else may be called.
class Transactions {
  public:
    static constexpr int kStep = 250;  // milliseconds

    /// `on_error` hears of broker and authentication errors, on that thread. std::runtime_error.
    Transactions(const KafkaSettings& settings, BrokerErrorSink on_error,
                 const std::atomic<bool>& stopping);

    /// Aborts what an earlier producer of this topic left open and fences it. PublisherBroken.
    void take_hold();

    /// Into the open transaction, which it opens if there is none. False when no more fits, or the
    /// transaction has failed: commit then.
    bool add(const Event& event);
    [[nodiscard]] std::size_t size() const { return added_.size(); }
    /// What became of all that were added; the transaction is over.
    std::vector<Delivery> commit();

    /// Why this producer is of no use any more; without a text while it is.
    [[nodiscard]] const BrokerError& broken() const { return broken_; }
    /// Hears what librdkafka has to tell; for times when nothing is sent.
    void serve();

  private:
    using Error = std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)>;
    using Step = rd_kafka_error_t* (*)(rd_kafka_t*, int);

    [[nodiscard]] Producer make(const KafkaSettings& settings);
    /// The step's error that trying again does not help, or none.
    Error repeat(Step step);
    [[nodiscard]] bool may_go_on(const rd_kafka_error_t* error);
    std::vector<Delivery> roll_back();
    std::vector<Delivery> fail(const rd_kafka_error_t* error);
    [[nodiscard]] bool is_of_topic(const rd_kafka_error_t* error) const;
    [[nodiscard]] bool is_any(Delivery::Outcome outcome) const;
    [[nodiscard]] BrokerError describe(const rd_kafka_error_t* error) const;
    void hear_of_topic();

    const KafkaSettings settings_;
    const BrokerErrorSink on_error_;
    const std::atomic<bool>& stopping_;
    CertificateWatch watch_;
    Producer producer_;
    Queue answers_;  ///< of request_topic()
    bool is_open_ = false;
    std::vector<std::int64_t> added_;
    std::vector<Delivery> early_;  ///< refused by produce() itself, and no part of the transaction
    std::map<std::int64_t, rd_kafka_resp_err_t> undelivered_;
    int roll_backs_ = 0;            ///< since a commit or a refusal
    std::string creation_failure_;  ///< of the topic; empty when it was created or is there
    BrokerError broken_;
};

}  // namespace userd::kafka
