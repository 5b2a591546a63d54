#pragma once

#include <condition_variable>
#include <mutex>

#include "passwords/hash_pool.hpp"

namespace userd {

/// Holds a pool's threads in the observer, after their hash, until opened.
class Gate {
  public:
    /// `free` jobs pass before the gate closes.
    explicit Gate(int free = 0) : free_(free) {}

    void pass() {
        std::unique_lock lock(mutex_);
        const int number = ++arrived_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return open_ || number <= free_; });
    }
    void await(int arrived) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return arrived_ >= arrived; });
    }
    /// One more passes.
    void let_one() {
        const std::scoped_lock lock(mutex_);
        ++free_;
        changed_.notify_all();
    }
    void open() {
        const std::scoped_lock lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    [[nodiscard]] HashPool::Observer observer() {
        return [this](auto, auto) { pass(); };
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int free_;
    int arrived_ = 0;
    bool open_ = false;
};

}  // namespace userd
