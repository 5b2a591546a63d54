#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "async/task.hpp"

namespace userd {

/// What one coroutine waits for and any thread may tell it. Use through a shared_ptr: what
/// notify() posts may run after everything else is gone. The executor runs on one thread.
class Notification : public std::enable_shared_from_this<Notification> {
  public:
    using TimePoint = boost::asio::steady_timer::time_point;

    explicit Notification(const boost::asio::any_io_executor& executor)
        : executor_(executor), timer_(executor) {}

    /// The wait that is pending, or else the next one, ends. Thread-safe.
    void notify() {
        is_due_ = true;
        boost::asio::post(executor_, [self = shared_from_this()] { self->timer_.cancel(); });
    }

    /// Until notify() or `end`.
    static Task<void> wait(std::shared_ptr<Notification> self, TimePoint end = TimePoint::max()) {
        // What notify() posts runs after this has begun to wait, since it runs on this thread.
        if (!self->is_due_) {
            self->timer_.expires_at(end);
            co_await self->timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        }
        self->is_due_ = false;
    }

  private:
    const boost::asio::any_io_executor executor_;
    boost::asio::steady_timer timer_;
    std::atomic<bool> is_due_{false};
};

}  // namespace userd
