/// How long events take from the change, whose time they carry, to a consumer that follows the
/// topic. Their times are in whole milliseconds, rounded down, and are taken before the change is
/// written: the figures have the commit in them and are up to one millisecond too high.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "../kafka.hpp"
#include "../numbers.hpp"
#include "../report.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int kPollMs = 100;

/// Of RFC 3339 in UTC with three decimals, as userd's events have it.
std::chrono::sys_time<std::chrono::milliseconds> time_of(const rd_kafka_message_t& message) {
    rd_kafka_headers_t* headers = nullptr;
    bench::require(rd_kafka_message_headers(&message, &headers), "headers");
    const void* value = nullptr;
    std::size_t size = 0;
    bench::require(rd_kafka_header_get_last(headers, "ce_time", &value, &size), "ce_time");
    int year = 0;
    unsigned month = 0, day = 0;
    int hour = 0, minute = 0, second = 0, millisecond = 0;
    const std::string text(static_cast<const char*>(value), size);
    if (std::sscanf(text.c_str(), "%d-%u-%uT%d:%d:%d.%dZ", &year, &month, &day, &hour, &minute,
                    &second, &millisecond) != 7)
        throw std::runtime_error("no time: " + text);
    using namespace std::chrono;
    return sys_days(year_month_day(std::chrono::year(year), std::chrono::month(month),
                                   std::chrono::day(day))) +
           hours(hour) + minutes(minute) + seconds(second) + milliseconds(millisecond);
}

void run(const char* brokers, const char* topic, std::chrono::duration<double> duration) {
    const bench::KafkaClient consumer = bench::make_client(
        RD_KAFKA_CONSUMER, brokers, {{"group.id", "bench"}, {"enable.auto.commit", "false"}});
    (void)bench::assign(consumer.get(), topic, RD_KAFKA_OFFSET_END);
    // The first polls find the end; what was committed before is not measured.
    const auto settled = SteadyClock::now() + std::chrono::seconds(1);
    while (SteadyClock::now() < settled)
        bench::KafkaMessage(rd_kafka_consumer_poll(consumer.get(), kPollMs)).reset();
    const auto since = std::chrono::system_clock::now();
    std::vector<double> took;
    const auto start = SteadyClock::now();
    while (SteadyClock::now() < start + duration) {
        const bench::KafkaMessage message(rd_kafka_consumer_poll(consumer.get(), kPollMs));
        const auto now = std::chrono::system_clock::now();
        if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const auto changed = time_of(*message);
        if (changed >= since) took.push_back(Milliseconds(now - changed).count());
    }
    bench::report(std::move(took), SteadyClock::now() - start, 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: event_latency BROKERS TOPIC SECONDS\n";
        return 2;
    }
    try {
        run(argv[1], argv[2], std::chrono::duration<double>(bench::number<double>(argv[3])));
    } catch (const std::exception& error) {
        std::cerr << "event_latency: " << error.what() << '\n';
        return 1;
    }
}
