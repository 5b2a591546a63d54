#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench {

template <class Type, void (*destroy)(Type*)>
struct Destroy {
    void operator()(Type* what) const { destroy(what); }
};
using KafkaClient = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_t, rd_kafka_destroy>>;
using KafkaMessage =
    std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_t, rd_kafka_message_destroy>>;
using KafkaProperties = std::initializer_list<std::pair<const char*, const char*>>;

inline void require(rd_kafka_resp_err_t error, const char* what) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw std::runtime_error(std::string(what) + ": " + rd_kafka_err2str(error));
}

[[nodiscard]] inline KafkaClient make_client(
    rd_kafka_type_t type, const char* brokers, KafkaProperties properties,
    void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr) {
    std::array<char, 512> reason{};
    rd_kafka_conf_t* config = rd_kafka_conf_new();
    const auto set = [&](const char* name, const char* value) {
        if (rd_kafka_conf_set(config, name, value, reason.data(), reason.size()) !=
            RD_KAFKA_CONF_OK)
            throw std::runtime_error(reason.data());
    };
    set("bootstrap.servers", brokers);
    for (const auto& [name, value] : properties)
        set(name, value);
    if (delivered != nullptr) rd_kafka_conf_set_dr_msg_cb(config, delivered);
    rd_kafka_t* made = rd_kafka_new(type, config, reason.data(), reason.size());
    if (made == nullptr) throw std::runtime_error(reason.data());
    return KafkaClient(made);
}

/// All of a topic's partitions, each from `offset`.
[[nodiscard]] inline int assign(rd_kafka_t* consumer, const char* topic, std::int64_t offset) {
    constexpr int kTimeoutMs = 10000;
    rd_kafka_topic_t* handle = rd_kafka_topic_new(consumer, topic, nullptr);
    const rd_kafka_metadata_t* metadata = nullptr;
    require(rd_kafka_metadata(consumer, 0, handle, &metadata, kTimeoutMs), "metadata");
    const int partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
    for (int number = 0; number < partitions; ++number)
        rd_kafka_topic_partition_list_add(list, topic, number)->offset = offset;
    const rd_kafka_resp_err_t error = rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    require(error, "assign");
    return partitions;
}

}  // namespace bench
