#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "events/publisher.hpp"

namespace userd {

struct KafkaSettings {
    std::string brokers;  ///< bootstrap.servers; empty: no relay runs
    std::string topic = "user-events";
    std::string source = "userd";  ///< ce_source
    bool create_topic = true;
    std::string value_prefix;                       ///< of every value that is not null
    bool transactional = false;                     ///< fences every earlier publisher of the topic
    std::map<std::string, std::string> properties;  ///< further librdkafka properties
};

/// Hears of errors of brokers, of authentication and of the topic's creation.
using BrokerErrorSink = std::function<void(const BrokerError&)>;

/// A producer on librdkafka's C API with delivery settings of its own (docs/architecture.md).
/// Throws std::runtime_error with librdkafka's words for a bad property.
/// `on_error` is called on the executor.
[[nodiscard]] std::unique_ptr<Publisher> make_kafka_publisher(const KafkaSettings& settings,
                                                              boost::asio::any_io_executor executor,
                                                              BrokerErrorSink on_error);

/// Checks the properties without connecting: the message names the bad one; empty when all are
/// good. Refused too: what would weaken delivery (acks, enable.idempotence, partitioner,
/// transactional.id …).
[[nodiscard]] std::string check_kafka_settings(const KafkaSettings& settings);
/// Checks also what shows only when a producer is made, without connecting: files, and values that
/// do not fit each other.
[[nodiscard]] std::string try_kafka_settings(const KafkaSettings& settings);

}  // namespace userd
