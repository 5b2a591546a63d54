/// Profile reads at a fixed rate. wrk sends a request when the last one is answered, so that a
/// stall hides the requests that would have met it; here each has a time at which it is due, and
/// its latency counts from then.
#include <boost/asio.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "../numbers.hpp"
#include "../report.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

struct Plan {
    Tcp::endpoint server;
    SteadyClock::time_point start;
    SteadyClock::time_point end;
    SteadyClock::duration between;  ///< of one connection's requests
};

struct Results {
    std::vector<double> milliseconds;
    std::size_t errors = 0;
};

std::vector<std::string> read_tokens(const char* path) {
    std::ifstream file(path);
    std::vector<std::string> tokens;
    for (std::string line; std::getline(file, line);)
        tokens.push_back(line);
    if (tokens.empty()) throw std::runtime_error(std::string(path) + " holds no token");
    return tokens;
}

asio::awaitable<void> read_at_times(const Plan& plan, SteadyClock::time_point due,
                                    std::string token, Results& results) {
    http::request<http::empty_body> request(http::verb::get, "/user/me", 11);
    request.set(http::field::host, "localhost");
    request.set(http::field::authorization, "Bearer " + token);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    Tcp::socket socket(timer.get_executor());
    beast::flat_buffer buffer;
    co_await socket.async_connect(plan.server, asio::use_awaitable);
    socket.set_option(Tcp::no_delay(true));
    for (; due < plan.end; due += plan.between) {
        timer.expires_at(due);
        co_await timer.async_wait(asio::use_awaitable);
        http::response<http::string_body> response;
        co_await http::async_write(socket, request, asio::use_awaitable);
        co_await http::async_read(socket, buffer, response, asio::use_awaitable);
        if (response.result() != http::status::ok) ++results.errors;
        results.milliseconds.push_back(
            std::chrono::duration<double, std::milli>(SteadyClock::now() - due).count());
    }
}

void run(std::uint16_t port, double rate, std::chrono::duration<double> duration,
         const std::vector<std::string>& tokens) {
    const auto whole = [](std::chrono::duration<double> time) {
        return std::chrono::duration_cast<SteadyClock::duration>(time);
    };
    const std::chrono::duration<double> step(1 / rate);
    Plan plan{{asio::ip::address_v4::loopback(), port}, SteadyClock::now(), {}, {}};
    plan.end = plan.start + whole(duration);
    plan.between = whole(step * static_cast<double>(tokens.size()));

    Results results;
    asio::io_context loop(1);
    for (std::size_t i = 0; i < tokens.size(); ++i)
        asio::co_spawn(loop,
                       read_at_times(plan, plan.start + whole(step * static_cast<double>(i)),
                                     tokens[i], results),
                       [&results](const std::exception_ptr& failure) {
                           if (failure) ++results.errors;
                       });
    loop.run();
    bench::report(std::move(results.milliseconds), SteadyClock::now() - plan.start, results.errors);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: paced_reads PORT REQUESTS_PER_SECOND SECONDS TOKENS_FILE\n";
        return 2;
    }
    try {
        run(bench::number<std::uint16_t>(argv[1]), bench::number<double>(argv[2]),
            std::chrono::duration<double>(bench::number<double>(argv[3])), read_tokens(argv[4]));
    } catch (const std::exception& error) {
        std::cerr << "paced_reads: " << error.what() << '\n';
        return 1;
    }
}
