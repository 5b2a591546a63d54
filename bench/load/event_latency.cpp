/// How long an event takes to a consumer that follows the topic, from the moment its caller has the
/// answer to the registration: the answer leaves userd as soon as the change is committed. One
/// registration after the other, so that no event waits for another.
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "../kafka.hpp"
#include "../numbers.hpp"
#include "../report.hpp"

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPollMs = 100;
constexpr auto kPatience = std::chrono::seconds(30);

class Caller {
  public:
    Caller(unsigned short port, std::string prefix)
        : prefix_(std::move(prefix)), socket_(context_) {
        socket_.connect({asio::ip::address_v4::loopback(), port});
        socket_.set_option(asio::ip::tcp::no_delay(true));
    }

    /// Of one more user; their name.
    std::string register_one() {
        const std::string name = prefix_ + std::to_string(++count_);
        http::request<http::string_body> request{http::verb::post, "/user/register", 11};
        request.set(http::field::host, "localhost");
        request.set(http::field::content_type, "application/json");
        request.body() = R"({"username":")" + name + R"(","email":")" + name +
                         R"(@example.com","password":"correct horse battery staple"})";
        request.prepare_payload();
        http::write(socket_, request);
        http::response<http::string_body> answer;
        http::read(socket_, buffer_, answer);
        if (answer.result() != http::status::ok) throw std::runtime_error(answer.body());
        return name;
    }

  private:
    std::string prefix_;
    int count_ = 0;
    asio::io_context context_;
    asio::ip::tcp::socket socket_;
    boost::beast::flat_buffer buffer_;
};

void await(rd_kafka_t* consumer, const std::string& name) {
    const auto end = SteadyClock::now() + kPatience;
    while (SteadyClock::now() < end) {
        const bench::KafkaMessage message(rd_kafka_consumer_poll(consumer, kPollMs));
        if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const std::string_view value(static_cast<const char*>(message->payload), message->len);
        if (value.find(name) != std::string_view::npos) return;
    }
    throw std::runtime_error("the event never came");
}

void run(const char* brokers, const char* topic, unsigned short port, const char* prefix,
         std::chrono::duration<double> duration) {
    const bench::KafkaClient consumer = bench::make_client(
        RD_KAFKA_CONSUMER, brokers, {{"group.id", "bench"}, {"enable.auto.commit", "false"}});
    (void)bench::assign(consumer.get(), topic, RD_KAFKA_OFFSET_BEGINNING);
    Caller caller(port, prefix);
    await(consumer.get(), caller.register_one());  // behind all that was there before
    std::vector<double> took;
    const auto start = SteadyClock::now();
    while (SteadyClock::now() < start + duration) {
        const std::string name = caller.register_one();
        const auto answered = SteadyClock::now();
        await(consumer.get(), name);
        took.push_back(
            std::chrono::duration<double, std::milli>(SteadyClock::now() - answered).count());
    }
    bench::report(std::move(took), SteadyClock::now() - start, 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::cerr << "usage: event_latency BROKERS TOPIC PORT NAME_PREFIX SECONDS\n";
        return 2;
    }
    try {
        run(argv[1], argv[2], bench::number<unsigned short>(argv[3]), argv[4],
            std::chrono::duration<double>(bench::number<double>(argv[5])));
    } catch (const std::exception& error) {
        std::cerr << "event_latency: " << error.what() << '\n';
        return 1;
    }
}
