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
    const auto is_before = [](const RequestPtr& a, const RequestPtr& b) {
        return a->deadline < b->deadline;
    };
    const auto& requests = batch_->requests;
    return (*std::min_element(requests.begin(), requests.end(), is_before))->deadline;
}

void Link::send(std::vector<RequestPtr> requests) {
    batch_.emplace(Batch{std::move(requests), {}});
    bool good = true;
    for (const RequestPtr& request : batch_->requests)
        for (const Command& command : request->commands)
            good = good && queue(*request, command);
    good = good && PQpipelineSync(connection_.get()) == 1;
    if (!good) return break_off(one_line(PQerrorMessage(connection_.get())));
    flush();
}

bool Link::queue(Request& request, const Command& command) {
    const Params& params = command.params;
    const std::vector<const char*> values = params.values();
    if (!prepared_) {
        batch_->expected.push_back({&request, nullptr});
        return PQsendQueryParams(connection_.get(), command.statement->text, params.size(),
                                 params.types().data(), values.data(), params.lengths().data(),
                                 params.formats().data(), kBinary) == 1;
    }
    if (!queue_prepare(request, command)) return false;
    batch_->expected.push_back({&request, nullptr});
    return PQsendQueryPrepared(connection_.get(), command.statement->name, params.size(),
                               values.data(), params.lengths().data(), params.formats().data(),
                               kBinary) == 1;
}

bool Link::queue_prepare(Request& request, const Command& command) {
    const Statement* statement = command.statement;
    if (!known_.insert(statement).second) return true;
    batch_->expected.push_back({&request, statement});
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
    while (connection_ && batch_ && PQisBusy(connection_.get()) == 0) {
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
    switch (PQresultStatus(result.get())) {
        case PGRES_PIPELINE_SYNC:
            finish_batch();
            return true;
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            take_answer(result.release());
            return true;
        case PGRES_PIPELINE_ABORTED:
            take_abort();
            return true;
        default:
            break;
    }
    const Failure failure = failure_of(result.get());
    if (failure.kind == Failure::Kind::broken) {
        break_off(failure.message);
        return false;
    }
    take_failure(failure);
    return true;
}

void Link::take_answer(PGresult* result) {
    Rows rows(result);
    std::deque<Expected>& expected = batch_->expected;
    if (expected.empty()) return;
    if (expected.front().prepared == nullptr)
        expected.front().request->rows.push_back(std::move(rows));
    expected.pop_front();
}

void Link::take_abort() {
    std::deque<Expected>& expected = batch_->expected;
    if (expected.empty()) return;
    // Not prepared, since something before it failed.
    known_.erase(expected.front().prepared);
    expected.pop_front();
}

void Link::take_failure(const Failure& failure) {
    std::deque<Expected>& expected = batch_->expected;
    if (expected.empty()) {
        // The commit's, and so everyone's.
        for (const RequestPtr& request : batch_->requests)
            request->failure = failure;
        return;
    }
    expected.front().request->failure = failure;
    take_abort();
}

void Link::finish_batch() {
    std::vector<RequestPtr> requests = std::move(batch_->requests);
    batch_.reset();
    const auto has_failed = [](const RequestPtr& request) { return request->failure.has_value(); };
    const auto failed = std::find_if(requests.begin(), requests.end(), has_failed);
    if (failed != requests.end()) {
        for (const RequestPtr& request : requests) {
            request->is_alone = true;
            if (!request->failure)
                request->failure = {Failure::Kind::rolled_back, "another run of the batch failed"};
        }
        // Before anything is sent again, which must not be on this connection.
        if ((*failed)->failure->ends_connection) break_off((*failed)->failure->message);
    }
    events_.finished(std::move(requests));
}

void Link::break_off(std::string reason) {
    if (!connection_) return;
    std::vector<RequestPtr> unanswered;
    if (batch_) {
        unanswered = std::exchange(batch_->requests, {});
        reset_on_close(PQsocket(connection_.get()));
    }
    close();
    // The owner may let go of this link within.
    const auto self = shared_from_this();
    events_.broken(std::move(unanswered), std::move(reason));
}

void Link::close() {
    batch_.reset();
    if (!connection_) return;
    // libpq closes the socket; the descriptor only lets go of it, and of who waits on it.
    socket_.release();
    connection_.reset();
}

}  // namespace userd::postgres
