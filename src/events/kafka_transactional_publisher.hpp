#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "events/kafka_publisher.hpp"

namespace userd {

/// As make_kafka_publisher(), for settings that are transactional. It is ready once every earlier
/// publisher of the same topic is fenced. What is handed over while a transaction is committed is
/// the next one; a delivery is acknowledged when its transaction is committed.
/// The destructor waits for one step of librdkafka at most (Transactions::kStep).
[[nodiscard]] std::unique_ptr<Publisher> make_transactional_publisher(
    const KafkaSettings& settings, boost::asio::any_io_executor executor, BrokerErrorSink on_error);

}  // namespace userd
