#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <tuple>

#include "async/task.hpp"

namespace userd::http {

class TlsContext;

/// The bytes of one connection: a TCP socket, or TLS over one. Each operation hands on Asio's own
/// awaitable, so that the plain path costs no coroutine more than the bare socket does. One
/// operation at a time, on the socket's loop; cancelling the socket ends it.
class Transport {
  public:
    using Done = std::tuple<boost::system::error_code>;
    using Moved = std::tuple<boost::system::error_code, std::size_t>;

    /// `tls` null: plain. With TLS nothing is sent or received before handshake().
    Transport(boost::asio::ip::tcp::socket socket, std::shared_ptr<const TlsContext> tls);
    Transport(Transport&&) noexcept;
    ~Transport();

    [[nodiscard]] bool encrypted() const noexcept { return context_ != nullptr; }
    [[nodiscard]] boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }

    /// The server's side; with TLS only, before anything else. Move the transport no more.
    Task<Done> handshake();
    Task<Moved> read_some(boost::asio::mutable_buffer buffer);
    /// How much of it a plain socket took without waiting; with TLS, nothing. What went wrong shows
    /// in the next write().
    [[nodiscard]] std::size_t write_now(boost::asio::const_buffer bytes);
    /// All of it.
    Task<Moved> write(boost::asio::const_buffer bytes);
    /// Ends our direction of TLS without waiting for the peer's (RFC 8446 section 6.1); afterwards
    /// only the socket itself may be read.
    Task<Done> close_notify();

  private:
    struct Tls;

    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<const TlsContext> context_;
    std::unique_ptr<Tls> tls_;  ///< from handshake() on
};

}  // namespace userd::http
