#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "async/task.hpp"

namespace userd {

struct RangeClientSettings {
    std::string url;  ///< http or https, ends with '/'; the prefix is appended
    std::chrono::milliseconds timeout{
        2000};                 ///< from the call to the last byte, name look-up included
    std::size_t at_once = 64;  ///< requests in flight; further ones fail at once
    std::size_t max_answer = 256 * 1024;
};

struct RangeAnswer {
    std::string body;
    std::string error;  ///< empty when `body` is the whole of a 200
};

/// Fetches ranges by libcurl on a thread of its own, so that no event loop waits. Redirects are not
/// followed. Thread-safe; the destructor ends what is in flight with an error.
class RangeClient {
  public:
    /// std::runtime_error when libcurl cannot start.
    explicit RangeClient(RangeClientSettings settings);
    ~RangeClient();
    RangeClient(const RangeClient&) = delete;
    RangeClient& operator=(const RangeClient&) = delete;

    Task<RangeAnswer> get(std::string prefix);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace userd
