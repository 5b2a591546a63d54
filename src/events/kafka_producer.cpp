#include "events/kafka_producer.hpp"

#include <array>
#include <bit>
#include <stdexcept>

#include "base/log.hpp"
#include "events/codec.hpp"

namespace userd::kafka {
namespace {

constexpr std::size_t kReason = 512;

void destroy(rd_kafka_t* producer) {
    rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                 RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy_flags(producer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void log_line(const rd_kafka_t*, int level, const char* facility, const char* text) {
    constexpr int kSyslogWarning = 4;
    if (level <= kSyslogWarning) log::debug("librdkafka", {{"facility", facility}, {"text", text}});
}

}  // namespace

Producer make_producer(KafkaConfig config) {
    rd_kafka_conf_set_log_cb(config.get(), log_line);
    std::array<char, kReason> reason{};
    rd_kafka_t* made = rd_kafka_new(RD_KAFKA_PRODUCER, config.get(), reason.data(), reason.size());
    if (made == nullptr) throw std::runtime_error(std::string("kafka: ") + reason.data());
    (void)config.release();  // owned by the producer now
    return {made, destroy};
}

Delivery::Outcome outcome_of(rd_kafka_resp_err_t error) {
    switch (static_cast<int>(error)) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return Delivery::Outcome::acknowledged;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_INVALID_MSG:
        case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
            return Delivery::Outcome::refused;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
            return Delivery::Outcome::topic_error;
        default:
            return Delivery::Outcome::failed;
    }
}

rd_kafka_resp_err_t produce(rd_kafka_t* producer, const KafkaSettings& settings,
                            const Event& event) {
    const Record record = encode(event, settings.source, settings.value_prefix);
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers)
        rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                            static_cast<ssize_t>(value.size()));
    const void* key = record.key.empty() ? nullptr : record.key.data();
    const void* value = record.value ? record.value->data() : nullptr;
    const std::size_t size = record.value ? record.value->size() : 0;
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(settings.topic.c_str()),
        RD_KAFKA_V_KEY(const_cast<void*>(key), record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<void*>(value), size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_OPAQUE(std::bit_cast<void*>(event.sequence)), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    return error;
}

std::int64_t sequence_of(const rd_kafka_message_t& message) {
    return std::bit_cast<std::int64_t>(message._private);
}

void request_topic(rd_kafka_t* producer, const std::string& topic, rd_kafka_queue_t* answers) {
    std::array<char, kReason> reason{};
    constexpr int kBrokerDefault = -1;
    rd_kafka_NewTopic_t* created = rd_kafka_NewTopic_new(
        topic.c_str(), kBrokerDefault, kBrokerDefault, reason.data(), reason.size());
    if (created == nullptr) throw std::runtime_error(std::string("kafka topic: ") + reason.data());
    rd_kafka_CreateTopics(producer, &created, 1, nullptr, answers);
    rd_kafka_NewTopic_destroy(created);
}

std::string creation_failure(rd_kafka_event_t* answer, const std::string& topic) {
    std::size_t count = 0;
    const auto* result = rd_kafka_event_CreateTopics_result(answer);
    const auto* const* topics =
        result == nullptr ? nullptr : rd_kafka_CreateTopics_result_topics(result, &count);
    for (std::size_t i = 0; i < count; ++i) {
        const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(topics[i]);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
            log::info("created the topic", {{"topic", topic}});
        else if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return std::string("it could not be created: ") + rd_kafka_err2str(error);
    }
    return {};
}

void warm_up(rd_kafka_t* producer, const std::string& topic) {
    rd_kafka_topic_t* handle = rd_kafka_topic_new(producer, topic.c_str(), nullptr);
    if (handle != nullptr) rd_kafka_topic_destroy(handle);
}

}  // namespace userd::kafka
