#include "app/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace userd {
namespace {

constexpr std::chrono::milliseconds kFirst{1000};
constexpr std::chrono::milliseconds kEvery{100};
constexpr std::int64_t kWidth = 30;

}  // namespace

Progress::Progress(std::string what)
    : what_(std::move(what)),
      enabled_(::isatty(STDERR_FILENO) != 0),
      next_(SteadyClock::now() + kFirst) {}

Progress::~Progress() {
    clear();
}

void Progress::begin(std::string what) {
    what_ = std::move(what);
}

void Progress::show(std::int64_t done, std::int64_t total) {
    if (!enabled_ || SteadyClock::now() < next_) return;
    next_ = SteadyClock::now() + kEvery;
    shown_ = true;
    std::cerr << "\r\x1b[K" << progress_line(what_, done, total) << std::flush;
}

void Progress::clear() {
    if (!shown_) return;
    shown_ = false;
    std::cerr << "\r\x1b[K" << std::flush;
}

std::string progress_line(const std::string& what, std::int64_t done, std::int64_t total) {
    if (total <= 0) return what + "  " + std::to_string(done);
    done = std::clamp<std::int64_t>(done, 0, total);
    const std::int64_t filled = kWidth * done / total;
    std::string bar(static_cast<std::size_t>(filled), '#');
    bar.resize(static_cast<std::size_t>(kWidth), '.');
    return what + "  [" + bar + "]  " + std::to_string(100 * done / total) + " %  " +
           std::to_string(done) + " of " + std::to_string(total);
}

}  // namespace userd
