#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace userd {

/// One line on standard error that tells how far a command is, once it takes longer than a second
/// and if that is a terminal. It is gone when this goes.
class Progress {
  public:
    explicit Progress(std::string what);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void begin(std::string what);
    /// `total` 0: nobody knows.
    void show(std::int64_t done, std::int64_t total = 0);
    /// For a line on standard output or error.
    void clear();

  private:
    using SteadyClock = std::chrono::steady_clock;
    std::string what_;
    const bool enabled_;
    SteadyClock::time_point next_;
    bool shown_ = false;
};

/// "Sending again  [#####.....]  50 %  500 of 1000"; without a total "Sending again  500".
[[nodiscard]] std::string progress_line(const std::string& what, std::int64_t done,
                                        std::int64_t total);

}  // namespace userd
