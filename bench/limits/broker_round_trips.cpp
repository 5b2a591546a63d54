/// The limit of an event's latency: one record at a time, handed over and acknowledged; the next at
/// once, or after a pause, in which a broker and its machine fall asleep.
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "../kafka.hpp"
#include "../numbers.hpp"
#include "../report.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kPollMs = 1000;
constexpr std::string_view kValue =
    "of about the size of an event, which is a hundred bytes or so"
    " of Protobuf and as many of headers";

void note_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    *static_cast<rd_kafka_resp_err_t*>(message->_private) = message->err;
}

/// The delivery's error.
rd_kafka_resp_err_t round_trip(rd_kafka_t* producer, const char* topic) {
    rd_kafka_resp_err_t delivered = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    bench::require(
        rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
                          RD_KAFKA_V_VALUE(const_cast<char*>(kValue.data()), kValue.size()),
                          RD_KAFKA_V_OPAQUE(&delivered), RD_KAFKA_V_END),
        "produce");
    while (delivered == RD_KAFKA_RESP_ERR__IN_PROGRESS)
        rd_kafka_poll(producer, kPollMs);
    return delivered;
}

void run(const char* brokers, const char* topic, std::chrono::milliseconds pause,
         std::chrono::duration<double> duration) {
    const bench::KafkaClient producer = bench::make_client(
        RD_KAFKA_PRODUCER, brokers,
        {{"enable.idempotence", "true"}, {"linger.ms", "0"}, {"socket.nagle.disable", "true"}},
        note_delivery);
    (void)round_trip(producer.get(), topic);  // connects
    std::vector<double> took;
    std::size_t errors = 0;
    const auto start = SteadyClock::now();
    const auto end = start + std::chrono::duration_cast<SteadyClock::duration>(duration);
    while (SteadyClock::now() < end) {
        const auto began = SteadyClock::now();
        errors += round_trip(producer.get(), topic) != RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : 0;
        took.push_back(
            std::chrono::duration<double, std::milli>(SteadyClock::now() - began).count());
        if (pause.count() > 0) std::this_thread::sleep_for(pause);
    }
    bench::report(std::move(took), SteadyClock::now() - start, errors);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: broker_round_trips BROKERS TOPIC PAUSE_MS SECONDS\n";
        return 2;
    }
    try {
        run(argv[1], argv[2], std::chrono::milliseconds(bench::number<int>(argv[3])),
            std::chrono::duration<double>(bench::number<double>(argv[4])));
    } catch (const std::exception& error) {
        std::cerr << "broker_round_trips: " << error.what() << '\n';
        return 1;
    }
}
