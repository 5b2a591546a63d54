#pragma once

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "async/loops.hpp"
#include "async/task.hpp"

namespace userd {

template <class T>
struct Together {
    std::vector<T> values;              ///< in the order they came
    std::vector<std::string> failures;  ///< what() of what was thrown
};

/// Starts all at once on four loops and waits for every one.
template <class T>
Together<T> run_together(const std::vector<std::function<Task<T>()>>& starts) {
    Together<T> together;
    std::mutex mutex;
    Loops loops(4);
    for (std::size_t i = 0; i < starts.size(); ++i) {
        boost::asio::co_spawn(loops.at(i % loops.size()), starts[i],
                              [&](std::exception_ptr error, T value) {
                                  const std::lock_guard lock(mutex);
                                  try {
                                      if (error) std::rethrow_exception(error);
                                      together.values.push_back(std::move(value));
                                  } catch (const std::exception& failure) {
                                      together.failures.emplace_back(failure.what());
                                  }
                              });
    }
    loops.start();
    loops.finish();
    loops.join();
    return together;
}

}  // namespace userd
