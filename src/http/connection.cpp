#include "http/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/errc.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "http/cors.hpp"
#include "http/problem.hpp"

namespace userd::http {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxRequestId = 128;
constexpr std::size_t kLoggedPath = 200;
constexpr std::size_t kMostDrained = 256 * 1024;
constexpr std::chrono::seconds kDrainTime{1};

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);

bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= kMaxRequestId &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerContext> context, Transport transport)
    : context_(std::move(context)), transport_(std::move(transport)) {
    boost::system::error_code ignored;
    transport_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    const auto endpoint = transport_.socket().remote_endpoint(ignored);
    if (!ignored) peer_ = endpoint.address().to_string();
    enter(transport_.encrypted() ? Phase::handshake : Phase::idle);
}

Connection::~Connection() {
    --context_->connections;
}

Task<void> Connection::run(std::shared_ptr<Connection> self) {
    try {
        if (!self->transport_.encrypted()) {
            co_await self->serve();
        } else if (const bool ready = co_await self->shake_hands(); ready) {
            co_await self->serve();
            co_await self->end_encrypted();
        }
    } catch (const std::exception& error) {
        log::error("connection failed", {{"error", error.what()}});
    }
    boost::system::error_code ignored;
    self->transport_.socket().close(ignored);
}

Task<bool> Connection::shake_hands() {
    auto [error] = co_await transport_.handshake();
    if (error) {
        ++context_->failed_handshakes;
        // Scanners and plain HTTP end here all day, so it is no warning.
        log::debug("TLS handshake failed", {{"peer", peer_}, {"error", error.message()}});
        co_return false;
    }
    enter(Phase::idle);
    co_return true;
}

/// Lets the client tell a finished answer from a cut one.
Task<void> Connection::end_encrypted() {
    if (!std::exchange(writable_, false)) co_return;
    phase_ = Phase::writing;
    deadline_ = SteadyClock::now() + kDrainTime;
    co_await transport_.close_notify();
}

void Connection::enter(Phase phase) {
    phase_ = phase;
    const ServerSettings& settings = context_->settings;
    switch (phase) {
        case Phase::handshake:
            deadline_ = SteadyClock::now() + settings.header_timeout;
            break;
        case Phase::idle:
            deadline_ = SteadyClock::now() + settings.idle_timeout;
            break;
        case Phase::head:
            deadline_ = SteadyClock::now() + settings.header_timeout;
            break;
        case Phase::body:
            deadline_ = SteadyClock::now() + settings.body_timeout;
            break;
        case Phase::writing:
            deadline_ = SteadyClock::now() + settings.write_timeout;
            break;
        case Phase::handling:
            // Handlers bound their own waits (hash queue, store).
            deadline_ = SteadyClock::time_point::max();
            break;
    }
}

void Connection::sweep(SteadyClock::time_point now) {
    if (now < deadline_) return;
    timed_out_ = true;
    boost::system::error_code ignored;
    transport_.socket().cancel(ignored);
}

void Connection::stop() {
    if (phase_ != Phase::idle && phase_ != Phase::handshake) return;
    boost::system::error_code ignored;
    transport_.socket().cancel(ignored);
}

Task<bool> Connection::read_some() {
    const std::span<char> room = in_.prepare();
    auto [error, size] = co_await transport_.read_some(asio::buffer(room.data(), room.size()));
    if (!error) in_.commit(size);
    co_return !error;
}

Task<Connection::Read> Connection::read_head() {
    enter(in_.empty() ? Phase::idle : Phase::head);
    std::size_t searched = 0;
    for (;;) {
        const std::size_t from = searched < 3 ? 0 : searched - 3;
        const std::size_t end = in_.bytes().find("\r\n\r\n", from);
        if (end != std::string_view::npos && end + 4 <= context_->settings.max_header) {
            std::optional<Head> head = parse_head(in_.bytes().substr(0, end + 4));
            if (!head) {
                failure_ = bad_request();
                co_return Read::failed;
            }
            in_.consume(end + 4);
            accept_head(*std::move(head));
            co_return Read::ready;
        }
        if (in_.size() >= context_->settings.max_header) {
            failure_ = header_too_large();
            co_return Read::failed;
        }
        searched = in_.size();
        if (context_->stopping && in_.empty()) co_return Read::closed;
        const bool more = co_await read_some();
        if (!more) {
            if (!timed_out_ || in_.empty()) co_return Read::closed;
            failure_ = request_timeout();
            co_return Read::failed;
        }
        if (phase_ == Phase::idle) enter(Phase::head);
    }
}

void Connection::accept_head(Head head) {
    head_ = std::move(head);
    head_.request.peer = peer_;
    head_.request.id = is_request_id(head_.request_id) ? std::move(head_.request_id)
                                                       : make_uuid_v7(system_now()).to_string();
}

Task<Connection::Read> Connection::read_body() {
    const std::size_t size = head_.content_length.value_or(0);
    if (size > context_->settings.max_body) {
        failure_ = body_too_large();
        co_return Read::failed;
    }
    if (size == 0 && !head_.chunked) co_return Read::ready;
    enter(Phase::body);
    if (head_.expects_continue && in_.empty()) {
        std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        const bool written = co_await write(std::move(go_on));
        if (!written) co_return Read::closed;
        enter(Phase::body);
    }
    if (head_.chunked) co_return co_await read_chunked_body();
    co_return co_await read_sized_body(size);
}

Task<Connection::Read> Connection::read_sized_body(std::size_t size) {
    while (in_.size() < size) {
        const bool more = co_await read_some();
        if (more) continue;
        if (!timed_out_) co_return Read::closed;
        failure_ = request_timeout();
        co_return Read::failed;
    }
    head_.request.body = Secret(in_.bytes().substr(0, size));
    in_.consume(size);
    co_return Read::ready;
}

Task<Connection::Read> Connection::read_chunked_body() {
    ChunkedBody body(context_->settings.max_body);
    for (;;) {
        std::string_view bytes = in_.bytes();
        const ChunkedBody::State state = body.feed(bytes);
        in_.consume(in_.size() - bytes.size());
        switch (state) {
            case ChunkedBody::State::done:
                head_.request.body = Secret(std::move(body.body()));
                co_return Read::ready;
            case ChunkedBody::State::malformed:
                failure_ = bad_request();
                co_return Read::failed;
            case ChunkedBody::State::too_large:
                failure_ = body_too_large();
                co_return Read::failed;
            case ChunkedBody::State::more:
                break;
        }
        const bool more = co_await read_some();
        if (more) continue;
        if (!timed_out_) co_return Read::closed;
        failure_ = request_timeout();
        co_return Read::failed;
    }
}

Task<void> Connection::serve() {
    for (;;) {
        head_ = Head{};
        Read read = co_await read_head();
        if (read == Read::ready) read = co_await read_body();
        if (read == Read::closed) co_return;
        if (read == Read::failed) {
            co_await answer_failure();
            co_return;
        }
        enter(Phase::handling);
        const auto began = SteadyClock::now();
        const Router::Match match = context_->router.find(head_.request);
        Response response = co_await handle(match);
        add_cors_headers(head_.request, response, context_->settings.cors_origins);
        const bool keep_alive = head_.keep_alive && !context_->stopping;
        std::string bytes = render(response, framing(keep_alive));
        account(match, response.status, began);
        const bool written = co_await write(std::move(bytes));
        if (!written || !keep_alive) co_return;
    }
}

Task<Response> Connection::handle(const Router::Match& match) {
    if (auto preflight =
            answer_preflight(head_.request, context_->router, context_->settings.cors_origins))
        co_return *std::move(preflight);
    if (match.route == nullptr) co_return match.answer;
    try {
        co_return co_await match.route->handler(head_.request);
    } catch (const StoreUnavailable& error) {
        log::warning("store unavailable", {{"id", head_.request.id}, {"error", error.what()}});
    } catch (const std::exception& error) {
        log::error("request failed", {{"id", head_.request.id}, {"error", error.what()}});
        co_return internal_error();
    }
    co_return service_busy();
}

Task<void> Connection::answer_failure() {
    const auto began = SteadyClock::now();
    timed_out_ = false;
    if (head_.request.id.empty()) head_.request.id = make_uuid_v7(system_now()).to_string();
    head_.request.peer = peer_;
    Router::Match match;
    match.index = context_->router.size();
    std::string bytes = render(failure_, framing(false));
    account(match, failure_.status, began);
    const bool written = co_await write(std::move(bytes));
    if (written) co_await drain();
}

/// Reads on a little after the last answer: closing with unread bytes would reset the connection
/// before the client has read the answer.
Task<void> Connection::drain() {
    if (transport_.encrypted()) co_await end_encrypted();
    boost::system::error_code ignored;
    transport_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    phase_ = Phase::writing;
    deadline_ = SteadyClock::now() + kDrainTime;
    for (std::size_t drained = 0; drained < kMostDrained;) {
        in_.consume(in_.size());
        const std::span<char> room = in_.prepare();
        // Below TLS: what comes now is thrown away, and need not be deciphered for that.
        auto [error, size] = co_await transport_.socket().async_read_some(
            asio::buffer(room.data(), room.size()), kUse);
        if (error) co_return;
        in_.commit(size);
        drained += size;
    }
}

Task<bool> Connection::write(std::string bytes) {
    // A caller that has sent more already lets the others of this loop have a turn.
    std::string_view rest = bytes;
    if (in_.empty()) rest.remove_prefix(transport_.write_now(asio::buffer(rest)));
    if (rest.empty()) co_return true;
    enter(Phase::writing);
    auto [error, size] = co_await transport_.write(asio::buffer(rest));
    if (error) writable_ = false;
    co_return !error;
}

Framing Connection::framing(bool keep_alive) const {
    return {head_.request.id, keep_alive, transport_.encrypted(),
            head_.request.method != Method::head};
}

void Connection::account(const Router::Match& match, unsigned status,
                         SteadyClock::time_point began) const {
    const auto took = SteadyClock::now() - began;
    const double seconds = std::chrono::duration<double>(took).count();
    RouteCounts& counts = *context_->counts[match.index];
    if (status < counts.by_status.size())
        counts.by_status[status].fetch_add(1, std::memory_order_relaxed);
    const auto* bound =
        std::lower_bound(RouteCounts::kBounds.begin(), RouteCounts::kBounds.end(), seconds);
    counts.latency[static_cast<std::size_t>(bound - RouteCounts::kBounds.begin())].fetch_add(
        1, std::memory_order_relaxed);
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
    counts.latency_nanoseconds.fetch_add(static_cast<std::uint64_t>(nanoseconds),
                                         std::memory_order_relaxed);
    log::info("request", {{"id", head_.request.id},
                          {"method", name_of(head_.request.method)},
                          {"path", std::string_view(head_.request.raw_path).substr(0, kLoggedPath)},
                          {"status", status},
                          {"ms", seconds * 1000},
                          {"peer", peer_}});
}

}  // namespace userd::http
