// Sends events to a real broker with the publisher of the service, for tests/kafka and the figures.
//   userd_publish BROKERS TOPIC idempotent|transactional FIRST COUNT [OVERSIZED]
//   userd_publish BROKERS TOPIC open FIRST COUNT
// Each event is of a user of its own; its version is its number, from FIRST on. OVERSIZED has a
// state of 200 KB. `open` leaves a transaction open until a line comes on its input.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>

#include "events/kafka_producer.hpp"
#include "events/kafka_publisher.hpp"
#include "events/send_window.hpp"

namespace userd {
namespace {

Event event_of(std::int64_t number, std::int64_t oversized) {
    Event event;
    event.sequence = event.version = number;
    event.id = EventId::make(system_now());
    event.user = UserId::make(system_now());
    event.time = system_now();
    std::string name = "n" + std::to_string(number);
    // Random, since a broker measures what is compressed.
    while (number == oversized && name.size() < 200'000)
        name += EventId(make_uuid_v7(event.time)).to_string().substr(20);
    event.state = UserState{std::move(name), "a@example.com", event.time, event.time, false};
    return event;
}

void say(const std::string& line) {
    std::cout << line << std::endl;
}

class Sender {
  public:
    Sender(const KafkaSettings& settings, std::int64_t first, std::int64_t count,
           std::int64_t oversized)
        : publisher_(make_kafka_publisher(settings, loop_.get_executor(),
                                          [](const BrokerError& e) { say("error " + e.text); })),
          window_(static_cast<std::size_t>(count)) {
        for (std::int64_t number = first; number < first + count; ++number)
            window_.add(event_of(number, oversized));
    }

    /// False when the publisher is of no use any more.
    bool run() {
        await([this] { return publisher_->is_ready(); });
        say("ready");
        const auto start = std::chrono::steady_clock::now();
        while (is_good_ && window_.size() > 0) {
            while (const Event* event = window_.next()) {
                if (!publisher_->send(*event)) break;
                window_.mark_sent();
            }
            wait();
            take();
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        say("seconds " + std::to_string(took.count()));
        return is_good_;
    }

  private:
    void take() {
        std::string acknowledged;
        for (const Delivery& delivery : publisher_->poll()) {
            const std::string number = std::to_string(delivery.sequence);
            switch (delivery.outcome) {
                case Delivery::Outcome::acknowledged:
                    acknowledged += " " + number;
                    window_.acknowledge(delivery.sequence);
                    break;
                case Delivery::Outcome::refused:
                    if (window_.refuse(delivery.sequence) == SendWindow::Verdict::never)
                        say("refused " + number + " " + delivery.reason);
                    break;
                case Delivery::Outcome::rolled_back:
                    window_.roll_back(delivery.sequence);
                    break;
                case Delivery::Outcome::topic_error:
                case Delivery::Outcome::failed:
                    if (std::exchange(is_good_, false)) say("failed " + delivery.reason);
                    break;
            }
        }
        if (!acknowledged.empty()) say("acknowledged" + acknowledged);
    }

    void await(const std::function<bool()>& done) {
        while (!done())
            wait();
    }
    void wait() {
        bool is_woken = false;
        boost::asio::co_spawn(loop_, publisher_->wait(),
                              [&](std::exception_ptr) { is_woken = true; });
        while (!is_woken) {
            loop_.restart();
            loop_.run_one();
        }
    }

    boost::asio::io_context loop_{1};
    std::unique_ptr<Publisher> publisher_;
    SendWindow window_;
    bool is_good_ = true;
};

void must(rd_kafka_error_t* error) {
    if (error != nullptr) throw std::runtime_error(rd_kafka_error_string(error));
}

bool leave_open(const KafkaSettings& settings, std::int64_t first, std::int64_t count) {
    constexpr int kPatience = 30'000;
    std::int64_t written = 0;
    KafkaConfig config = make_kafka_config(settings);
    rd_kafka_conf_set_opaque(config.get(), &written);
    rd_kafka_conf_set_dr_msg_cb(
        config.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
            *static_cast<std::int64_t*>(opaque) += message->err == 0 ? 1 : 0;
        });
    const kafka::Producer producer = kafka::make_producer(std::move(config));
    must(rd_kafka_init_transactions(producer.get(), kPatience));
    must(rd_kafka_begin_transaction(producer.get()));
    for (std::int64_t number = first; number < first + count; ++number)
        if (kafka::produce(producer.get(), settings, event_of(number, 0)) != 0)
            throw std::runtime_error("not taken");
    if (rd_kafka_flush(producer.get(), kPatience) != 0 || written != count)
        throw std::runtime_error("not written");
    say("open");
    std::string line;
    std::getline(std::cin, line);
    rd_kafka_error_t* error = rd_kafka_commit_transaction(producer.get(), kPatience);
    say(error == nullptr ? "committed" : std::string("failed ") + rd_kafka_error_name(error));
    return error == nullptr;
}

int run(int argc, char** argv) {
    const std::string mode = argc > 5 ? argv[3] : "";
    if (mode != "open" && mode != "idempotent" && mode != "transactional") return 2;
    KafkaSettings settings;
    settings.brokers = argv[1];
    settings.topic = argv[2];
    settings.transactional = mode != "idempotent";
    const std::int64_t first = std::stoll(argv[4]);
    const std::int64_t count = std::stoll(argv[5]);
    if (mode == "open") return leave_open(settings, first, count) ? 0 : 1;
    return Sender(settings, first, count, argc > 6 ? std::stoll(argv[6]) : 0).run() ? 0 : 1;
}

}  // namespace
}  // namespace userd

int main(int argc, char** argv) {
    try {
        return userd::run(argc, argv);
    } catch (const std::exception& error) {
        userd::say(std::string("failed ") + error.what());
        return 1;
    }
}
