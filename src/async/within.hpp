#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "async/task.hpp"

namespace userd {

class TimedOut : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Runs the task on this executor, which has one thread, and rethrows what it throws. TimedOut
/// after `limit`: the task then goes on by itself, and what comes of it is dropped.
inline Task<void> within(std::chrono::milliseconds limit, Task<void> task) {
    struct Shared {
        explicit Shared(const boost::asio::any_io_executor& executor) : timer(executor) {}
        boost::asio::steady_timer timer;
        bool done = false;
        std::exception_ptr failure;
    };
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto shared = std::make_shared<Shared>(executor);
    shared->timer.expires_after(limit);
    boost::asio::co_spawn(executor, std::move(task), [shared](std::exception_ptr failure) {
        shared->done = true;
        shared->failure = failure;
        shared->timer.cancel();
    });
    // It may have run to its end already.
    if (!shared->done)
        co_await shared->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (!shared->done) throw TimedOut("no answer within " + std::to_string(limit.count()) + " ms");
    if (shared->failure) std::rethrow_exception(shared->failure);
}

}  // namespace userd
