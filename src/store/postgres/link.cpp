#include "store/postgres/link.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace userd::postgres {
namespace {

constexpr int kBinary = 1;

/// Has the connection reset when it closes. After an orderly end the server would still run what it
/// has received, whenever it gets there: after what is asked again elsewhere, and what follows
/// that.
void reset_on_close(int socket) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

Link::Link(boost::asio::io_context& loop, ConnectionPtr connection, bool prepared, Events events)
    : socket_(loop),
      connection_(std::move(connection)),
      prepared_(prepared),
      events_(std::move(events)) {
    PQsetnonblocking(connection_.get(), 1);
    PQenterPipelineMode(connection_.get());
    socket_.assign(PQsocket(connection_.get()));
}

Link::~Link() {
    close();
}

void Link::start() {
    wait_readable();
}

std::chrono::steady_clock::time_point Link::deadline() const {
    // One that is sent again may be behind younger ones.
    const auto is_before = [](const InFlight& a, const InFlight& b) {
        return a.request->deadline < b.request->deadline;
    };
    return std::min_element(in_flight_.begin(), in_flight_.end(), is_before)->request->deadline;
}

void Link::send(RequestPtr request) {
    InFlight sent{std::move(request), std::chrono::steady_clock::now(), {}};
    bool good = true;
    for (const Command& command : sent.request->commands)
        good = good && queue(sent, command);
    good = good && PQpipelineSync(connection_.get()) == 1;
    in_flight_.push_back(std::move(sent));
    if (!good) return break_off(one_line(PQerrorMessage(connection_.get())));
    flush();
}

bool Link::queue(InFlight& sent, const Command& command) {
    const Params& params = command.params;
    const std::vector<const char*> values = params.values();
    if (!prepared_) {
        sent.expected.push_back(nullptr);
        return PQsendQueryParams(connection_.get(), command.statement->text, params.size(),
                                 params.types().data(), values.data(), params.lengths().data(),
                                 params.formats().data(), kBinary) == 1;
    }
    if (!queue_prepare(sent, command)) return false;
    sent.expected.push_back(nullptr);
    return PQsendQueryPrepared(connection_.get(), command.statement->name, params.size(),
                               values.data(), params.lengths().data(), params.formats().data(),
                               kBinary) == 1;
}

bool Link::queue_prepare(InFlight& sent, const Command& command) {
    const Statement* statement = command.statement;
    if (!known_.insert(statement).second) return true;
    sent.expected.push_back(statement);
    return PQsendPrepare(connection_.get(), statement->name, statement->text, command.params.size(),
                         command.params.types().data()) == 1;
}

void Link::flush() {
    const int left = PQflush(connection_.get());
    if (left < 0) return break_off(one_line(PQerrorMessage(connection_.get())));
    if (left > 0 && !is_writing_) wait_writable();
}

void Link::wait_writable() {
    is_writing_ = true;
    socket_.async_wait(socket_.wait_write,
                       [self = shared_from_this()](boost::system::error_code error) {
                           self->is_writing_ = false;
                           if (!error && self->connection_) self->flush();
                       });
}

void Link::wait_readable() {
    socket_.async_wait(socket_.wait_read,
                       [self = shared_from_this()](boost::system::error_code error) {
                           if (!error && self->connection_) self->read();
                       });
}

void Link::read() {
    const bool good = PQconsumeInput(connection_.get()) == 1;
    const std::string reason = good ? "" : one_line(PQerrorMessage(connection_.get()));
    // What came before the connection broke still counts.
    take_results();
    if (!connection_) return;
    if (!good || PQstatus(connection_.get()) == CONNECTION_BAD)
        return break_off(good ? one_line(PQerrorMessage(connection_.get())) : reason);
    // Answering may need room in the socket that reading has made.
    flush();
    if (connection_) wait_readable();
}

void Link::take_results() {
    bool had_none = false;
    while (connection_ && !in_flight_.empty() && PQisBusy(connection_.get()) == 0) {
        PGresult* result = PQgetResult(connection_.get());
        if (result != nullptr) {
            had_none = false;
            if (!take(result)) return;
            continue;
        }
        // One null ends each statement's results; a second one says that libpq expects no more.
        if (std::exchange(had_none, true))
            return break_off("the database's answers do not match what was asked");
    }
}

bool Link::take(PGresult* taken) {
    std::unique_ptr<PGresult, decltype(&PQclear)> result(taken, PQclear);
    InFlight& current = in_flight_.front();
    switch (PQresultStatus(result.get())) {
        case PGRES_PIPELINE_SYNC:
            finish_first();
            return true;
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK: {
            const bool is_answer = !current.expected.empty() && current.expected.front() == nullptr;
            if (!current.expected.empty()) current.expected.pop_front();
            if (is_answer) current.request->rows.emplace_back(result.release());
            return true;
        }
        case PGRES_PIPELINE_ABORTED:
            if (!current.expected.empty()) {
                // Not prepared, since something before it failed.
                known_.erase(current.expected.front());
                current.expected.pop_front();
            }
            return true;
        default:
            take_failure(current, result.get());
            break;
    }
    const std::optional<Failure>& failure = current.request->failure;
    if (!failure || failure->kind != Failure::Kind::broken) return true;
    break_off(std::string(failure->message));
    return false;
}

void Link::take_failure(InFlight& current, const PGresult* result) {
    if (!current.expected.empty()) {
        known_.erase(current.expected.front());
        current.expected.pop_front();
    }
    if (!current.request->failure) current.request->failure = failure_of(result);
}

void Link::finish_first() {
    RequestPtr request = std::move(in_flight_.front().request);
    in_flight_.pop_front();
    const std::optional<Failure>& failure = request->failure;
    // Before the request is sent again, which must not be on this connection.
    if (failure && failure->ends_connection) break_off(std::string(failure->message));
    events_.finished(std::move(request));
}

void Link::break_off(const std::string& reason) {
    if (!connection_) return;
    std::deque<RequestPtr> unanswered;
    for (InFlight& each : in_flight_)
        unanswered.push_back(std::move(each.request));
    if (!unanswered.empty()) reset_on_close(PQsocket(connection_.get()));
    close();
    // The owner may let go of this link within.
    const auto self = shared_from_this();
    events_.broken(std::move(unanswered), reason);
}

void Link::close() {
    in_flight_.clear();
    if (!connection_) return;
    // libpq closes the socket; the descriptor only lets go of it, and of who waits on it.
    socket_.release();
    connection_.reset();
}

}  // namespace userd::postgres
