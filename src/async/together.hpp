#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "async/notification.hpp"
#include "async/task.hpp"

namespace userd {

/// Runs both on this executor, which has one thread, until both have ended. Then rethrows what
/// `first` threw, or else `second`.
inline Task<void> together(Task<void> first, Task<void> second) {
    struct End {
        bool is_there = false;
        std::exception_ptr failure;
    };
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto ended = std::make_shared<Notification>(executor);
    const auto end = std::make_shared<End>();
    boost::asio::co_spawn(executor, std::move(second), [end, ended](std::exception_ptr failure) {
        *end = {true, failure};
        ended->notify();
    });
    std::exception_ptr failure;
    try {
        co_await std::move(first);
    } catch (...) {
        failure = std::current_exception();
    }
    while (!end->is_there)
        co_await Notification::wait(ended);
    if (failure) std::rethrow_exception(failure);
    if (end->failure) std::rethrow_exception(end->failure);
}

}  // namespace userd
