#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "store/health.hpp"
#include "store/postgres/link.hpp"

namespace userd::postgres {

struct PoolSettings {
    bool prepared = true;
    std::size_t connections = 4;
    std::size_t queue = 4096;
    std::chrono::milliseconds connect_timeout{3000};
    std::chrono::milliseconds operation_timeout{5000};
};

/// The connections of one loop, and the requests that wait for one. Connections are opened when
/// they are needed, one at a time, and opened again after they broke. Used on its loop only; the
/// loop does not run any more when it goes.
class Pool {
  public:
    Pool(boost::asio::io_context& loop, const Conninfo& conninfo, PoolSettings settings,
         Health& health);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Finishes the request sooner or later, within its time: at once when the database is away.
    void submit(RequestPtr request);

  private:
    using SteadyClock = std::chrono::steady_clock;
    using Links = std::vector<std::shared_ptr<Link>>;

    /// Sends what waits, as far as there are connections for it.
    void dispatch();
    /// What goes out next, in one transaction. Needs somebody to wait.
    [[nodiscard]] std::vector<RequestPtr> take_batch();
    void want_connection();
    void open();
    void opened(Connected connected);
    void add_link(ConnectionPtr connection);
    void broke(const Link* link, std::vector<RequestPtr> unanswered, const std::string& reason);
    void finished(std::vector<RequestPtr> requests);
    void repeat_or_fail(RequestPtr request, Failure failure);
    /// Nobody answers: whoever waits, and whoever comes until that changes, is told so.
    void declare_away(const std::string& reason);
    void fail_waiting(const Failure& failure);
    void tick();
    void look_at_deadlines();

    boost::asio::io_context& loop_;
    const Conninfo& conninfo_;
    const PoolSettings settings_;
    Health& health_;
    std::deque<RequestPtr> waiting_;
    Links links_;
    std::string away_;  ///< why; empty while the database may be there
    std::string last_trouble_;
    /// Until then those who wait hope for a connection.
    SteadyClock::time_point hope_until_;
    std::chrono::milliseconds pause_{0};  ///< before the next attempt to connect
    bool is_opening_ = false;
    bool is_ticking_ = false;
    boost::asio::steady_timer ticker_;
    boost::asio::steady_timer reopen_;
    std::atomic<bool> stopping_{false};
    std::thread connector_;
};

}  // namespace userd::postgres
