/// The limit of a profile read: Boost.Beast's own reading and writing of HTTP on as many loops,
/// answering every request with the same message, and nothing else.
#include <boost/asio.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../numbers.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using Answer = http::response<http::string_body>;

/// The file holds an answer as it was on the wire.
Answer read_answer(const char* path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    boost::system::error_code error;
    parser.put(asio::buffer(bytes), error);
    if (error || !parser.is_done())
        throw std::runtime_error(std::string(path) + " holds no whole answer: " + error.message());
    return parser.release();
}

asio::awaitable<void> serve(Tcp::socket socket, const Answer& answer) {
    beast::flat_buffer buffer;
    try {
        for (;;) {
            http::request<http::string_body> request;
            co_await http::async_read(socket, buffer, request, asio::use_awaitable);
            co_await http::async_write(socket, answer, asio::use_awaitable);
            if (!request.keep_alive()) break;
        }
    } catch (const boost::system::system_error&) {
        // The client has gone.
    }
}

asio::awaitable<void> accept(Tcp::acceptor& acceptor,
                             std::vector<std::unique_ptr<asio::io_context>>& loops,
                             const Answer& answer) {
    for (std::size_t next = 0;; next = (next + 1) % loops.size()) {
        Tcp::socket socket = co_await acceptor.async_accept(*loops[next], asio::use_awaitable);
        socket.set_option(Tcp::no_delay(true));
        asio::co_spawn(*loops[next], serve(std::move(socket), answer), asio::detached);
    }
}

void run(std::uint16_t port, std::size_t count, const Answer& answer) {
    std::vector<std::unique_ptr<asio::io_context>> loops;
    for (std::size_t i = 0; i < count; ++i)
        loops.push_back(std::make_unique<asio::io_context>(1));
    Tcp::acceptor acceptor(*loops[0]);
    const Tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(Tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
    asio::co_spawn(*loops[0], accept(acceptor, loops, answer), asio::detached);

    std::vector<std::jthread> threads;
    for (auto& loop : loops)
        threads.emplace_back([&loop] {
            const auto work = asio::make_work_guard(*loop);
            loop->run();
        });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: beast_loop PORT LOOPS ANSWER_FILE\n";
        return 2;
    }
    try {
        run(bench::number<std::uint16_t>(argv[1]), bench::number<std::size_t>(argv[2]),
            read_answer(argv[3]));
    } catch (const std::exception& error) {
        std::cerr << "beast_loop: " << error.what() << '\n';
        return 1;
    }
}
