#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

#include "events/kafka_publisher.hpp"

namespace userd {

using KafkaConfig = std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)>;

/// librdkafka's configuration: the user's properties, then ours, which delivery and order rest on.
/// std::runtime_error naming the bad property.
[[nodiscard]] KafkaConfig make_kafka_config(const KafkaSettings& settings);
/// For a consumer of no group: the user's properties but for those of delivery, then ours.
[[nodiscard]] KafkaConfig make_consumer_config(const KafkaSettings& settings);

}  // namespace userd
