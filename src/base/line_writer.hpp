#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace userd {

/// Writes lines to a file descriptor from a thread of its own. A single line is written at once;
/// while many come, those of a millisecond or two go in one write, and giving one wakes nobody.
/// Thread-safe.
class LineWriter {
  public:
    /// More than `most_waiting` bytes do not wait: then write() does.
    explicit LineWriter(int descriptor, std::size_t most_waiting = std::size_t{4} << 20);
    /// Writes what waits.
    ~LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    /// `line` is without its newline. What the descriptor refuses (a closed pipe, a full disk) is
    /// dropped: there is nowhere to tell it.
    void write(std::string_view line);

  private:
    [[nodiscard]] bool is_full() const noexcept { return waiting_.size() >= most_waiting_; }
    void serve();
    void write_all(std::string_view bytes) const;

    const int descriptor_;
    const std::size_t most_waiting_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::condition_variable taken_;
    std::string waiting_;
    bool is_idle_ = false;  ///< the thread waits for a line
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace userd
