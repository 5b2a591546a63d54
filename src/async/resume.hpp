#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "async/task.hpp"

namespace userd {

/// Hands a value to a coroutine that waits on another thread. Copyable so that it fits
/// std::function; exactly one call of one copy must be made, from any thread.
template <class T>
using Resume = std::function<void(T)>;

/// Suspends the coroutine, calls `start(resume)` at once on this thread, and goes on, on the
/// coroutine's own executor, with the value given to `resume`.
///
/// g++ 12: pass a named `start`, never a temporary lambda with captures (see STYLE, known faults).
template <class T, class Start>
Task<T> wait_for(Start& start) {
    auto initiate = [&start](auto handler) {
        using Handler = decltype(handler);
        // The guard keeps the loop running while only another thread will wake it.
        struct Waiting {
            Handler handler;
            boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work;
        };
        auto work = boost::asio::make_work_guard(handler);
        auto waiting = std::make_shared<Waiting>(Waiting{std::move(handler), std::move(work)});
        start(Resume<T>([waiting](T value) {
            const auto executor = waiting->work.get_executor();
            // The loop may end as soon as the handler has run, while post() still touches it.
            const auto posting = boost::asio::make_work_guard(executor);
            boost::asio::post(executor, [waiting, value = std::move(value)]() mutable {
                Handler resumed = std::move(waiting->handler);
                waiting->work.reset();
                std::move(resumed)(std::move(value));
            });
        }));
    };
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
        initiate, boost::asio::use_awaitable);
}

}  // namespace userd
