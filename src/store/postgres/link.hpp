#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>
#include <functional>
#include <unordered_set>

#include "store/postgres/connect.hpp"
#include "store/postgres/request.hpp"

namespace userd::postgres {

/// One connection in libpq's pipeline mode: requests go out as they come, one sync each, and are
/// answered in their order. Used on its loop only.
class Link : public std::enable_shared_from_this<Link> {
  public:
    struct Events {
        /// A request has its rows or its failure.
        std::function<void(RequestPtr)> finished;
        /// The connection is gone, and with it the answers of what was in flight. The last event.
        std::function<void(std::deque<RequestPtr> unanswered, const std::string& reason)> broken;
    };

    Link(boost::asio::io_context& loop, ConnectionPtr connection, bool prepared, Events events);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Begins to listen. Once, before the first send().
    void start();
    void send(RequestPtr request);
    /// Ends the connection and tells so.
    void break_off(const std::string& reason);
    /// Ends the connection and tells nobody; what was in flight is dropped.
    void close();

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }
    /// By when the first request in flight must be answered. Needs in_flight() > 0.
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;

    /// Whether the oldest in flight takes longer than a run that waits for nothing but the disk.
    [[nodiscard]] bool is_slow(std::chrono::steady_clock::time_point now) const {
        return !in_flight_.empty() && now - in_flight_.front().sent_at > kSlow;
    }

  private:
    static constexpr std::chrono::milliseconds kSlow{20};
    struct InFlight {
        RequestPtr request;
        std::chrono::steady_clock::time_point sent_at;
        /// Of each result that is to come: the statement, when it is the answer to a PREPARE.
        std::deque<const Statement*> expected;
    };

    [[nodiscard]] bool queue(InFlight& sent, const Command& command);
    [[nodiscard]] bool queue_prepare(InFlight& sent, const Command& command);
    void flush();
    void wait_readable();
    void wait_writable();
    void read();
    void take_results();
    /// False when the connection is of no more use.
    [[nodiscard]] bool take(PGresult* result);
    void take_failure(InFlight& current, const PGresult* result);
    void finish_first();

    boost::asio::posix::stream_descriptor socket_;  ///< the connection's, not owned
    ConnectionPtr connection_;                      ///< null once broken off
    const bool prepared_;
    Events events_;
    std::deque<InFlight> in_flight_;
    std::unordered_set<const Statement*> known_;  ///< prepared, or on its way to be
    bool is_writing_ = false;
};

}  // namespace userd::postgres
