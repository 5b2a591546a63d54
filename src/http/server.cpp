#include "http/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <list>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "http/connection.hpp"
#include "http/problem.hpp"

namespace userd::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr std::chrono::milliseconds kSweepEvery{250};
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr int kBacklog = 4096;

/// The 503 of a connection too many; written without waiting, then the socket is closed.
std::string refusal() {
    const Response response = service_busy();
    std::string out =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
        "X-Content-Type-Options: nosniff\r\nX-Request-ID: " +
        make_uuid_v7(system_now()).to_string() +
        "\r\nContent-Length: " + std::to_string(response.body.size()) + "\r\n";
    for (const auto& [name, value] : response.headers)
        out.append(name).append(": ").append(value).append("\r\n");
    return out + "Connection: close\r\n\r\n" + response.body;
}

}  // namespace

const std::array<double, RouteCounts::kBuckets - 1> RouteCounts::kBounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
  public:
    Impl(Loops& loops, Router router, ServerSettings settings)
        : loops_(loops),
          context_(std::make_shared<ServerContext>()),
          acceptor_(loops.at(0)),
          open_(loops.size()) {
        context_->router = std::move(router);
        context_->settings = std::move(settings);
        for (std::size_t i = 0; i <= context_->router.size(); ++i)
            context_->counts.push_back(std::make_unique<RouteCounts>());
        listen();
    }

    void start() {
        asio::co_spawn(loops_.at(0), accept(shared_from_this()), asio::detached);
        for (std::size_t i = 0; i < loops_.size(); ++i)
            asio::co_spawn(loops_.at(i), sweep(shared_from_this(), i), asio::detached);
    }

    void stop() {
        if (context_->stopping.exchange(true)) return;
        asio::post(loops_.at(0), [self = shared_from_this()] {
            boost::system::error_code ignored;
            self->acceptor_.close(ignored);
        });
        for (std::size_t i = 0; i < loops_.size(); ++i)
            asio::post(loops_.at(i), [self = shared_from_this(), i] {
                self->each(i, [](Connection& connection) { connection.stop(); });
            });
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] const ServerContext& context() const noexcept { return *context_; }

  private:
    using Weak = std::weak_ptr<Connection>;

    void listen() {
        const ServerSettings& settings = context_->settings;
        const Tcp::endpoint endpoint(asio::ip::make_address(settings.address), settings.port);
        boost::system::error_code error;
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(kBacklog, error);
        if (error)
            throw std::runtime_error("cannot listen on " + settings.address + ":" +
                                     std::to_string(settings.port) + " (" + settings.name + "): " +
                                     error.message() + "; set another address or end what uses it");
        port_ = acceptor_.local_endpoint().port();
    }

    static Task<void> accept(std::shared_ptr<Impl> self) {
        bool failing = false;
        for (std::size_t next = 0;; next = (next + 1) % self->loops_.size()) {
            auto [error, socket] = co_await self->acceptor_.async_accept(
                self->loops_.at(next), asio::as_tuple(asio::use_awaitable));
            if (self->context_->stopping) co_return;
            if (!error) {
                failing = false;
                self->deal(next, std::move(socket));
                continue;
            }
            if (!std::exchange(failing, true))
                log::error("cannot accept", {{"error", error.message()}});
            asio::steady_timer pause(self->loops_.at(0), kAcceptPause);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    void deal(std::size_t loop, Tcp::socket socket) {
        if (++context_->connections > context_->settings.max_connections) {
            --context_->connections;
            ++context_->refused;
            // Under TLS an answer would cost a handshake, the dearest thing to give to one too
            // many.
            if (context_->settings.tls) return;
            boost::system::error_code ignored;
            socket.non_blocking(true, ignored);
            socket.write_some(asio::buffer(refusal()), ignored);
            socket.shutdown(Tcp::socket::shutdown_send, ignored);
            return;
        }
        const TlsSource* tls = context_->settings.tls.get();
        Transport transport(std::move(socket), tls == nullptr ? nullptr : tls->current());
        auto connection = std::make_shared<Connection>(context_, std::move(transport));
        asio::post(loops_.at(loop), [self = shared_from_this(), loop, connection] {
            self->open_[loop].push_back(connection);
            asio::co_spawn(self->loops_.at(loop), Connection::run(connection), asio::detached);
        });
    }

    template <class Visit>
    void each(std::size_t loop, const Visit& visit) {
        std::erase_if(open_[loop], [&visit](const Weak& weak) {
            const std::shared_ptr<Connection> connection = weak.lock();
            if (connection) visit(*connection);
            return connection == nullptr;
        });
    }

    static Task<void> sweep(std::shared_ptr<Impl> self, std::size_t loop) {
        const ServerSettings& settings = self->context_->settings;
        const auto shortest =
            std::min({settings.header_timeout, settings.body_timeout, settings.write_timeout,
                      settings.idle_timeout, 4 * kSweepEvery});
        const auto period = std::max(std::chrono::milliseconds(5), shortest / 4);
        asio::steady_timer timer(self->loops_.at(loop));
        while (!self->context_->stopping || self->context_->connections > 0) {
            timer.expires_after(period);
            co_await timer.async_wait(asio::use_awaitable);
            const auto now = std::chrono::steady_clock::now();
            const bool stopping = self->context_->stopping;
            self->each(loop, [now, stopping](Connection& connection) {
                connection.sweep(now);
                if (stopping) connection.stop();
            });
        }
    }

    Loops& loops_;
    std::shared_ptr<ServerContext> context_;
    Tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    std::vector<std::vector<Weak>> open_;  ///< one list a loop, touched on its thread only
};

Server::Server(Loops& loops, Router router, ServerSettings settings)
    : impl_(std::make_shared<Impl>(loops, std::move(router), std::move(settings))) {}

Server::~Server() {
    stop();
}

void Server::start() {
    impl_->start();
}

void Server::stop() {
    impl_->stop();
}

std::uint16_t Server::port() const noexcept {
    return impl_->port();
}

std::size_t Server::connections() const noexcept {
    return impl_->context().connections;
}

std::uint64_t Server::refused() const noexcept {
    return impl_->context().refused;
}

std::uint64_t Server::failed_handshakes() const noexcept {
    return impl_->context().failed_handshakes;
}

const Router& Server::router() const noexcept {
    return impl_->context().router;
}

const std::vector<std::unique_ptr<RouteCounts>>& Server::counts() const noexcept {
    return impl_->context().counts;
}

}  // namespace userd::http
