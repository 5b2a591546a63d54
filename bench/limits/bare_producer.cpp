/// The limit of the relay: an idempotent librdkafka producer that has the same records in memory.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <vector>

#include "../kafka.hpp"
#include "../numbers.hpp"
#include "../report.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kReadSeconds = std::chrono::seconds(120);
constexpr int kPollMs = 100;

/// What has been acknowledged, in milliseconds since each was handed over.
struct Acknowledged {
    std::vector<double> milliseconds;
    std::size_t errors = 0;
};

void note_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    auto& acknowledged = *static_cast<Acknowledged*>(message->_private);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++acknowledged.errors;
    constexpr double kMicroseconds = 1000;
    acknowledged.milliseconds.push_back(static_cast<double>(rd_kafka_message_latency(message)) /
                                        kMicroseconds);
}

std::vector<bench::KafkaMessage> read(const char* brokers, const char* topic, std::size_t count,
                                      bench::KafkaClient& consumer) {
    consumer = bench::make_client(RD_KAFKA_CONSUMER, brokers,
                                  {{"group.id", "bench"}, {"enable.auto.commit", "false"}});
    (void)bench::assign(consumer.get(), topic, RD_KAFKA_OFFSET_BEGINNING);
    std::vector<bench::KafkaMessage> records;
    const auto end = SteadyClock::now() + kReadSeconds;
    while (records.size() < count) {
        if (SteadyClock::now() > end) throw std::runtime_error("the topic has too few records");
        bench::KafkaMessage message(rd_kafka_consumer_poll(consumer.get(), kPollMs));
        if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            records.push_back(std::move(message));
    }
    return records;
}

void send(rd_kafka_t* producer, const char* topic, const rd_kafka_message_t& record,
          Acknowledged& acknowledged) {
    rd_kafka_headers_t* found = nullptr;
    bench::require(rd_kafka_message_headers(&record, &found), "headers");
    rd_kafka_headers_t* headers = rd_kafka_headers_copy(found);
    while (true) {
        const rd_kafka_resp_err_t error = rd_kafka_producev(
            producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(record.key, record.key_len),
            RD_KAFKA_V_VALUE(record.payload, record.len), RD_KAFKA_V_MSGFLAGS(0),
            RD_KAFKA_V_OPAQUE(&acknowledged), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) bench::require(error, "produce");
        rd_kafka_poll(producer, kPollMs);
    }
}

void run(const char* brokers, const char* from, const char* to, std::size_t count) {
    bench::KafkaClient consumer;
    const std::vector<bench::KafkaMessage> records = read(brokers, from, count, consumer);
    Acknowledged acknowledged;
    acknowledged.milliseconds.reserve(count);
    const bench::KafkaClient producer = bench::make_client(RD_KAFKA_PRODUCER, brokers,
                                                           {{"enable.idempotence", "true"},
                                                            {"partitioner", "murmur2_random"},
                                                            {"compression.type", "lz4"}},
                                                           note_delivery);
    const auto began = SteadyClock::now();
    for (const bench::KafkaMessage& record : records) {
        send(producer.get(), to, *record, acknowledged);
        rd_kafka_poll(producer.get(), 0);
    }
    while (acknowledged.milliseconds.size() < count)
        rd_kafka_poll(producer.get(), kPollMs);
    bench::report(std::move(acknowledged.milliseconds), SteadyClock::now() - began,
                  acknowledged.errors);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: bare_producer BROKERS FROM_TOPIC TO_TOPIC RECORDS\n";
        return 2;
    }
    try {
        run(argv[1], argv[2], argv[3], bench::number<std::size_t>(argv[4]));
    } catch (const std::exception& error) {
        std::cerr << "bare_producer: " << error.what() << '\n';
        return 1;
    }
}
