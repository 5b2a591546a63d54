#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>
#include <functional>
#include <unordered_set>

#include "store/postgres/connect.hpp"
#include "store/postgres/request.hpp"

namespace userd::postgres {

/// One connection in libpq's pipeline mode: one batch of requests at a time, sent at once with one
/// sync, which makes them one transaction. Used on its loop only.
class Link : public std::enable_shared_from_this<Link> {
  public:
    struct Events {
        /// Each request of the batch has its rows or its failure; the link is free again.
        std::function<void(std::vector<RequestPtr>)> finished;
        /// The connection is gone, and with it the answers of what was in flight. The last event.
        std::function<void(std::vector<RequestPtr> unanswered, std::string reason)> broken;
    };

    Link(boost::asio::io_context& loop, ConnectionPtr connection, bool prepared, Events events);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Begins to listen. Once, before the first send().
    void start();
    /// Needs is_busy() to be false, and a request at least.
    void send(std::vector<RequestPtr> requests);
    /// Ends the connection and tells so.
    void break_off(std::string reason);
    /// Ends the connection and tells nobody; what was in flight is dropped.
    void close();

    [[nodiscard]] bool is_busy() const noexcept { return batch_.has_value(); }
    /// By when the first request in flight must be answered. Needs is_busy().
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;

  private:
    /// A result that is to come.
    struct Expected {
        Request* request;
        const Statement* prepared;  ///< null but in the answer to a PREPARE
    };
    struct Batch {
        std::vector<RequestPtr> requests;
        std::deque<Expected> expected;
    };

    [[nodiscard]] bool queue(Request& request, const Command& command);
    [[nodiscard]] bool queue_prepare(Request& request, const Command& command);
    void flush();
    void wait_readable();
    void wait_writable();
    void read();
    void take_results();
    /// False when the connection is of no more use.
    [[nodiscard]] bool take(PGresult* taken);
    void take_answer(PGresult* result);
    void take_failure(const Failure& failure);
    void take_abort();
    void finish_batch();

    boost::asio::posix::stream_descriptor socket_;  ///< the connection's, not owned
    ConnectionPtr connection_;                      ///< null once broken off
    const bool prepared_;
    Events events_;
    std::optional<Batch> batch_;
    std::unordered_set<const Statement*> known_;  ///< prepared, or on its way to be
    bool is_writing_ = false;
};

}  // namespace userd::postgres
