#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace userd {

/// The time before which no failed login is answered, counted from the start of its hash: what the
/// costliest format stored among the users takes. Learns from each verification; thread-safe.
class FailureFloor {
  public:
    /// The formats (hash_format()) of which users exist now. Others no longer count.
    void set_formats(const std::vector<std::string>& formats);

    /// Records how long a verification of `format` took. Rises at once, falls slowly, so that
    /// nearly every failure of the costliest format ends before the floor; not by what did not take
    /// fresh memory (Verification), since the next one may. Formats not in use are ignored.
    void record(const std::string& format, std::chrono::steady_clock::duration took,
                bool in_fresh_memory = true);

    /// Formats in use of which no time is known yet: the caller measures them (HashPool::verify
    /// against example_hash()).
    [[nodiscard]] std::vector<std::string> unmeasured() const;

    [[nodiscard]] std::chrono::steady_clock::duration get() const;

  private:
    mutable std::mutex mutex_;
    std::set<std::string> formats_;
    std::map<std::string, std::chrono::steady_clock::duration> measured_;
};

/// A well-formed stored hash of that format which no password matches, to measure with. Empty for
/// an unknown format.
[[nodiscard]] std::string example_hash(const std::string& format);

}  // namespace userd
