#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/loops.hpp"
#include "async/task.hpp"
#include "http/router.hpp"
#include "http/tls.hpp"

namespace userd::http {

struct ServerSettings {
    std::string name = "api";  ///< for logs and metrics
    std::string address = "127.0.0.1";
    std::uint16_t port = 8000;            ///< 0: any free one, see Server::port()
    std::size_t max_connections = 10000;  ///< further ones get 503 and are closed
    std::size_t max_header = 16 * 1024;   ///< request line and headers, bytes
    std::size_t max_body = 64 * 1024;
    std::chrono::milliseconds header_timeout{
        10'000};  ///< from a request's first byte to its last header
    std::chrono::milliseconds body_timeout{10'000};
    std::chrono::milliseconds write_timeout{10'000};
    std::chrono::milliseconds idle_timeout{75'000};  ///< keep-alive between requests
    std::shared_ptr<const TlsSource> tls;   ///< HTTPS for new connections; null: plain HTTP
    std::vector<std::string> cors_origins;  ///< CORS_ALLOWED_ORIGINS; empty: no CORS at all
};

/// Requests by route and status, and latency, counted without locks. Index = route index; the last
/// is "other".
struct RouteCounts {
    static constexpr std::size_t kBuckets = 14;
    /// Upper bounds of the latency buckets, seconds; the last bucket is unbounded.
    static const std::array<double, kBuckets - 1> kBounds;
    std::array<std::atomic<std::uint64_t>, 600> by_status{};  ///< index is the status
    std::array<std::atomic<std::uint64_t>, kBuckets> latency{};
    std::atomic<std::uint64_t> latency_nanoseconds{};
};

/// An HTTP/1.1 server on the given loops (RFC 9110, 9112): keep-alive, pipelining, all limits of
/// ServerSettings, strict parsing. One acceptor deals connections out to the loops in turn.
class Server {
  public:
    /// Binds and listens. std::runtime_error with one clear line (address in use, not permitted,
    /// …).
    Server(Loops& loops, Router router, ServerSettings settings);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void start();
    /// Thread-safe: stops accepting, closes idle connections, lets running requests finish and
    /// answers them with `Connection: close`.
    void stop();

    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] std::size_t connections() const noexcept;  ///< open now
    [[nodiscard]] std::uint64_t refused() const noexcept;    ///< for max_connections
    [[nodiscard]] std::uint64_t failed_handshakes() const noexcept;
    [[nodiscard]] const Router& router() const noexcept;
    /// router().size() + 1 entries.
    [[nodiscard]] const std::vector<std::unique_ptr<RouteCounts>>& counts() const noexcept;

    class Impl;

  private:
    std::shared_ptr<Impl> impl_;
};

}  // namespace userd::http
