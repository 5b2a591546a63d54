#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>

#include "async/task.hpp"

namespace userd {

/// Runs one coroutine to its end on a loop of its own, on this thread, and gives its value;
/// rethrows what it throws. For the start and for commands, never on an event loop.
template <class T>
T block_on(Task<T> task) {
    boost::asio::io_context loop;
    std::optional<T> value;
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T result) {
        failure = error;
        if (!error) value.emplace(std::move(result));
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
    if (!value) throw std::logic_error("the coroutine never ended");
    return *std::move(value);
}

}  // namespace userd
