#include "http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <new>

#include "http/tls.hpp"

namespace userd::http {
namespace {

namespace asio = boost::asio;

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);

SSL* new_session(const TlsContext& context) {
    SSL* session = SSL_new(context.native());
    if (session == nullptr) throw std::bad_alloc();
    return session;
}

}  // namespace

struct Transport::Tls {
    Tls(asio::ip::tcp::socket& socket, const TlsContext& context)
        : stream(socket, new_session(context)) {}
    asio::ssl::stream<asio::ip::tcp::socket&> stream;
};

Transport::Transport(asio::ip::tcp::socket socket, std::shared_ptr<const TlsContext> tls)
    : socket_(std::move(socket)), context_(std::move(tls)) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);  // for write_now()
}

Transport::Transport(Transport&&) noexcept = default;
Transport::~Transport() = default;

Task<Transport::Done> Transport::handshake() {
    tls_ = std::make_unique<Tls>(socket_, *context_);
    return tls_->stream.async_handshake(asio::ssl::stream_base::server, kUse);
}

Task<Transport::Moved> Transport::read_some(asio::mutable_buffer buffer) {
    if (!tls_) return socket_.async_read_some(buffer, kUse);
    return tls_->stream.async_read_some(buffer, kUse);
}

std::size_t Transport::write_now(asio::const_buffer bytes) {
    if (tls_ || !socket_.non_blocking()) return 0;
    boost::system::error_code ignored;
    return socket_.write_some(bytes, ignored);
}

Task<Transport::Moved> Transport::write(asio::const_buffer bytes) {
    if (!tls_) return asio::async_write(socket_, bytes, kUse);
    return asio::async_write(tls_->stream, bytes, kUse);
}

Task<Transport::Done> Transport::close_notify() {
    // Asio's shutdown waits for the peer's close_notify, which most clients never send.
    SSL_set_shutdown(tls_->stream.native_handle(), SSL_RECEIVED_SHUTDOWN);
    return tls_->stream.async_shutdown(kUse);
}

}  // namespace userd::http
