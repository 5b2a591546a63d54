#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/errc.hpp"
#include "base/secret.hpp"
#include "passwords/hasher.hpp"

namespace userd {

struct HashPoolSettings {
    std::size_t threads = 1;
    std::size_t queue = 64;                    ///< jobs that may wait, all threads together
    std::chrono::milliseconds deadline{5000};  ///< longest a job may wait before its hash begins
};

/// Figures for /metrics, read at any time from any thread.
struct HashPoolStats {
    std::size_t queued = 0;
    std::size_t running = 0;
    std::uint64_t done = 0;
    std::uint64_t refused = 0;  ///< jobs answered Errc::busy
    double wait_seconds = 0;    ///< summed over all jobs that began
    double hash_seconds = 0;    ///< summed over all finished jobs
};

/// What one verification found, and when its hash began: failures are answered by that time.
struct Verification {
    bool matches = false;
    std::chrono::steady_clock::time_point began;
    std::chrono::steady_clock::duration took{};
    bool in_fresh_memory = true;  ///< which takes longer than to use another hash's again
};

/// The only place where password hashes are computed. Owns its threads, which run at a lower
/// scheduling priority than the event loops. Thread-safe. Destroyed after the loops are joined.
class HashPool {
  public:
    HashPool(const Hasher& hasher, HashPoolSettings settings);
    ~HashPool();
    HashPool(const HashPool&) = delete;
    HashPool& operator=(const HashPool&) = delete;

    /// A fresh Argon2id PHC string. Errc::busy, before any hashing, when the queue is full or the
    /// deadline cannot be met.
    Task<Result<std::string>> hash(Secret password);

    /// Verifies against a stored hash of any known format; an unknown or over-costly one never
    /// matches. Errc::busy as hash().
    Task<Result<Verification>> verify(Secret password, std::string stored);

    [[nodiscard]] HashPoolStats stats() const;

    /// Called on a pool thread after each job began and ended, with wait and hash time
    /// (histograms).
    using Observer = std::function<void(std::chrono::steady_clock::duration waited,
                                        std::chrono::steady_clock::duration took)>;
    void observe(Observer observer);  ///< before the first job

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace userd
