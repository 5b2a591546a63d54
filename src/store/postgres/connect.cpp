#include "store/postgres/connect.hpp"

#include <poll.h>

#include <new>

#include "base/log.hpp"
#include "store/postgres/failure.hpp"

namespace userd::postgres {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kSliceMillis = 50;  // so that `stop` is heard soon

void log_notice(void* /*unused*/, const char* message) {
    log::debug("the database notes", {{"text", one_line(message)}});
}

/// Gives the reason when it does not come about, else nothing.
std::string finish_connecting(PGconn* connection, SteadyClock::time_point deadline,
                              const std::atomic<bool>& stop) {
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) return one_line(PQerrorMessage(connection));
        if (stop) return "shutting down";
        if (SteadyClock::now() >= deadline) return "no answer in time";
        pollfd socket{PQsocket(connection),
                      static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
        if (::poll(&socket, 1, kSliceMillis) > 0) status = PQconnectPoll(connection);
    }
    return {};
}

}  // namespace

Connected connect(const Conninfo& conninfo, std::chrono::milliseconds timeout,
                  const std::atomic<bool>& stop) {
    Connected connected;
    for (std::size_t host = 0; host < conninfo.hosts() && !stop; ++host) {
        const Conninfo::Keywords keywords = conninfo.keywords(host);
        ConnectionPtr connection(
            PQconnectStartParams(keywords.names.data(), keywords.values.data(), 0));
        if (!connection) throw std::bad_alloc();
        PQsetNoticeProcessor(connection.get(), log_notice, nullptr);
        const std::string reason =
            PQstatus(connection.get()) == CONNECTION_BAD
                ? one_line(PQerrorMessage(connection.get()))
                : finish_connecting(connection.get(), SteadyClock::now() + timeout, stop);
        if (reason.empty()) return {std::move(connection), ""};
        if (!connected.error.empty()) connected.error += "; ";
        connected.error += conninfo.label(host) + ": " + reason;
    }
    if (connected.error.empty()) connected.error = "shutting down";
    return connected;
}

}  // namespace userd::postgres
