#include "base/line_writer.hpp"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace userd {
namespace {

// Long enough that a busy server writes some hundred times a second and not once a line; far
// shorter than what anyone who reads along would notice.
constexpr std::chrono::milliseconds kPause{2};

}  // namespace

LineWriter::LineWriter(int descriptor, std::size_t most_waiting)
    : descriptor_(descriptor), most_waiting_(most_waiting) {
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "log");
        serve();
    });
}

LineWriter::~LineWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    arrived_.notify_one();
    thread_.join();
}

void LineWriter::write(std::string_view line) {
    bool wakes = false;
    {
        std::unique_lock lock(mutex_);
        taken_.wait(lock, [this] { return !is_full(); });
        waiting_.append(line);
        waiting_.push_back('\n');
        wakes = std::exchange(is_idle_, false) || is_full();
    }
    if (wakes) arrived_.notify_one();
}

void LineWriter::serve() {
    std::string batch;
    std::unique_lock lock(mutex_);
    for (;;) {
        is_idle_ = waiting_.empty();
        arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        is_idle_ = false;
        if (waiting_.empty()) return;
        std::swap(batch, waiting_);
        lock.unlock();
        taken_.notify_all();
        write_all(batch);
        batch.clear();
        lock.lock();
        arrived_.wait_for(lock, kPause, [this] { return stopping_ || is_full(); });
    }
}

void LineWriter::write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd ready{descriptor_, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return;
        }
    }
}

}  // namespace userd
