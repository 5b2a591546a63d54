#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>

#include "async/task.hpp"

namespace userd {

/// Runs one coroutine to its end on a loop of its own and gives its value; rethrows what it throws.
/// Tests assert on the value here, outside the coroutine (g++ 12 breaks assertion macros inside).
template <class T>
T run_task(Task<T> task) {
    boost::asio::io_context context;
    std::optional<T> value;
    std::exception_ptr failure;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T result) {
        failure = error;
        if (!error) value.emplace(std::move(result));
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
    if (!value) throw std::logic_error("the coroutine never ended");
    return *std::move(value);
}

inline void run_task(Task<void> task) {
    boost::asio::io_context context;
    bool ended = false;
    std::exception_ptr failure;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr error) {
        failure = error;
        ended = true;
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
    if (!ended) throw std::logic_error("the coroutine never ended");
}

}  // namespace userd
