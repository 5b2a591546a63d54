#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "async/resume.hpp"
#include "passwords/argon2_memory.hpp"
#include "passwords/hash_pool.hpp"

namespace userd {

/// What becomes of a job: the fresh hash, the verification, a refusal, or what the job threw.
using HashOutcome = std::variant<Errc, std::string, Verification, std::exception_ptr>;

struct HashJob {
    Secret password;
    std::optional<std::string> stored;  ///< none: a fresh hash is wanted
    std::chrono::steady_clock::time_point queued;
    Resume<HashOutcome> resume;
};

/// The queue and its threads.
class HashPool::Impl {
  public:
    Impl(const Hasher& hasher, HashPoolSettings settings);
    ~Impl() { shut_down(); }

    Task<HashOutcome> run(HashJob job);
    [[nodiscard]] HashPoolStats stats() const;
    void observe(Observer observer);

  private:
    /// Leaves the job as it is, and returns false, when it is refused.
    bool enqueue(HashJob& job);
    [[nodiscard]] bool has_room() const;
    void work();
    /// Holds the lock before and after. False when the pool stops.
    bool await_job(std::unique_lock<std::mutex>& lock, Argon2Memory& memory);
    void finish(HashJob job, std::chrono::steady_clock::time_point began, Argon2Memory& memory);
    HashOutcome compute(const HashJob& job, std::chrono::steady_clock::time_point began,
                        Argon2Memory& memory) const;
    void note(std::chrono::steady_clock::duration waited, std::chrono::steady_clock::duration took);
    void refuse(HashJob job);
    void shut_down() noexcept;

    const Hasher& hasher_;
    const HashPoolSettings settings_;
    Observer observer_;

    mutable std::mutex mutex_;  // for all below
    std::condition_variable changed_;
    std::deque<HashJob> queue_;
    HashPoolStats stats_;
    double mean_seconds_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;  // only the constructor and shut_down() touch it
};

}  // namespace userd
