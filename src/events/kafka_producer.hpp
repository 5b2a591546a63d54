#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <string>

#include "events/kafka_config.hpp"
#include "events/publisher.hpp"

/// What the idempotent and the transactional publisher have in common.
namespace userd::kafka {

/// Drops what is in flight when destroyed, so that this never waits for a broker.
using Producer = std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)>;
using Queue = std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)>;
using QueueEvent = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;

/// std::runtime_error with librdkafka's words.
[[nodiscard]] Producer make_producer(KafkaConfig config);

[[nodiscard]] Delivery::Outcome outcome_of(rd_kafka_resp_err_t error);

/// Queues the event's record, with its sequence as the message's opaque.
rd_kafka_resp_err_t produce(rd_kafka_t* producer, const KafkaSettings& settings,
                            const Event& event);
[[nodiscard]] std::int64_t sequence_of(const rd_kafka_message_t& message);

/// Asks for the topic in the background; the answer comes through the queue. std::runtime_error.
void request_topic(rd_kafka_t* producer, const std::string& topic, rd_kafka_queue_t* answers);
/// Of an answer to request_topic(): why there is no topic, or nothing. A user who may not create
/// topics gets one even when the topic is there.
[[nodiscard]] std::string creation_failure(rd_kafka_event_t* answer, const std::string& topic);

/// librdkafka 2.0.2: the first message on a topic handle can wait a second for its metadata.
void warm_up(rd_kafka_t* producer, const std::string& topic);

}  // namespace userd::kafka
