#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "events/kafka_publisher.hpp"

namespace userd {

struct TopicRecord {
    std::string user;
    std::int64_t version = 0;
    std::string id;
    bool operator==(const TopicRecord&) const = default;
};

/// All of the topic's records, each partition in order.
inline std::vector<TopicRecord> read_topic(const KafkaSettings& settings, int partitions) {
    rd_kafka_conf_t* config = rd_kafka_conf_new();
    for (const auto& [name, value] :
         std::map<std::string, std::string>{{"bootstrap.servers", settings.brokers},
                                            {"group.id", "reader"},
                                            {"auto.offset.reset", "earliest"},
                                            {"enable.auto.commit", "false"},
                                            {"enable.partition.eof", "true"},
                                            {"log_level", "0"}})
        if (rd_kafka_conf_set(config, name.c_str(), value.c_str(), nullptr, 0) != RD_KAFKA_CONF_OK)
            throw std::logic_error("no property " + name);
    const std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> consumer(
        rd_kafka_new(RD_KAFKA_CONSUMER, config, nullptr, 0), rd_kafka_destroy);
    const std::unique_ptr<rd_kafka_topic_partition_list_t,
                          decltype(&rd_kafka_topic_partition_list_destroy)>
        all(rd_kafka_topic_partition_list_new(partitions), rd_kafka_topic_partition_list_destroy);
    for (int number = 0; number < partitions; ++number)
        rd_kafka_topic_partition_list_add(all.get(), settings.topic.c_str(), number)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer.get(), all.get());

    const auto header = [](const rd_kafka_message_t* message, const char* name) {
        rd_kafka_headers_t* headers = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        if (rd_kafka_message_headers(message, &headers) != 0 ||
            rd_kafka_header_get_last(headers, name, &value, &size) != 0)
            throw std::runtime_error(std::string("no header ") + name);
        return std::string(static_cast<const char*>(value), size);
    };
    std::vector<TopicRecord> records;
    int ends = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (ends < partitions) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("no end");
        const std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> message(
            rd_kafka_consumer_poll(consumer.get(), 100), rd_kafka_message_destroy);
        if (!message) continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ++ends;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        records.push_back({std::string(static_cast<const char*>(message->key), message->key_len),
                           std::stoll(header(message.get(), "ce_sequence")),
                           header(message.get(), "ce_id")});
    }
    return records;
}

}  // namespace userd
