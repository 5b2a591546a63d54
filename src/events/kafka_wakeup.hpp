#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>

#include "async/task.hpp"

namespace userd {

/// Publisher's wait() and wake(), over a descriptor that librdkafka can write to as well. The
/// destructor resumes a pending wait.
class KafkaWakeup {
  public:
    explicit KafkaWakeup(const boost::asio::any_io_executor& executor)
        : descriptor_(executor, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

    [[nodiscard]] int descriptor() { return descriptor_.native_handle(); }

    Task<void> wait() {
        std::uint64_t count = 0;
        co_await descriptor_.async_read_some(boost::asio::buffer(&count, sizeof count),
                                             boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    /// Thread-safe.
    void wake() {
        constexpr std::uint64_t kOne = 1;
        // Fails only when the counter is full, and then a wait is due anyway.
        [[maybe_unused]] const ssize_t written = ::write(descriptor(), &kOne, sizeof kOne);
    }

  private:
    boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace userd
