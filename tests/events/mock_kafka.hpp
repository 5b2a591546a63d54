#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "events/kafka_publisher.hpp"

namespace userd {

/// librdkafka's broker for tests, within this process: one node and one topic of three partitions.
class MockKafka {
  public:
    // Of the protocol (kafka.apache.org/protocol, API keys).
    enum Request : std::int16_t { kProduce = 0, kInitProducerId = 22, kEndTxn = 26 };

    MockKafka()
        : client_(rd_kafka_new(RD_KAFKA_PRODUCER, quiet(), nullptr, 0), rd_kafka_destroy),
          cluster_(rd_kafka_mock_cluster_new(client_.get(), 1), rd_kafka_mock_cluster_destroy) {
        if (rd_kafka_mock_topic_create(cluster_.get(), settings().topic.c_str(), 3, 1) != 0)
            throw std::runtime_error("the mock cluster takes no topic");
    }

    [[nodiscard]] KafkaSettings settings() const {
        KafkaSettings settings;
        settings.brokers = rd_kafka_mock_cluster_bootstraps(cluster_.get());
        settings.topic = "events";
        settings.create_topic = false;  // the mock does not know how
        settings.transactional = true;
        settings.properties["reconnect.backoff.max.ms"] = "100";
        return settings;
    }
    /// The next requests of the kind are answered so.
    void answer(Request request, const std::vector<rd_kafka_resp_err_t>& errors) {
        rd_kafka_mock_push_request_errors_array(cluster_.get(), request, errors.size(),
                                                errors.data());
    }
    /// The next request of the kind is served, and its answer comes so much later.
    void answer_late(Request request, std::chrono::milliseconds late) {
        rd_kafka_mock_broker_push_request_error_rtts(cluster_.get(), 1, request, 1,
                                                     RD_KAFKA_RESP_ERR_NO_ERROR,
                                                     static_cast<int>(late.count()));
    }
    /// Every answer comes so much later.
    void set_delay(std::chrono::milliseconds delay) {
        rd_kafka_mock_broker_set_rtt(cluster_.get(), 1, static_cast<int>(delay.count()));
    }
    /// As a broker that has recovered.
    void heal() {
        for (const Request request : {kProduce, kInitProducerId, kEndTxn})
            rd_kafka_mock_clear_request_errors(cluster_.get(), request);
        set_delay({});
        set_down(false);
    }
    void set_down(bool down) {
        if (down)
            rd_kafka_mock_broker_set_down(cluster_.get(), 1);
        else
            rd_kafka_mock_broker_set_up(cluster_.get(), 1);
    }

  private:
    static rd_kafka_conf_t* quiet() {
        rd_kafka_conf_t* config = rd_kafka_conf_new();
        rd_kafka_conf_set(config, "log_level", "0", nullptr, 0);
        return config;
    }

    std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client_;
    std::unique_ptr<rd_kafka_mock_cluster_t, decltype(&rd_kafka_mock_cluster_destroy)> cluster_;
};

}  // namespace userd
