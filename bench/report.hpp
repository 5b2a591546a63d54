#pragma once

#include <sys/resource.h>

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <vector>

namespace bench {

/// The value that `share` of the sorted values do not exceed.
[[nodiscard]] inline double percentile(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
    return sorted[std::min(index, sorted.size() - 1)];
}

[[nodiscard]] inline double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Writes what bench/driver reads of a program: one line of JSON with a rate, percentiles, the
/// processor time and the errors. `milliseconds` has one entry for each operation done.
inline void report(std::vector<double> milliseconds, std::chrono::duration<double> elapsed,
                   std::size_t errors) {
    std::sort(milliseconds.begin(), milliseconds.end());
    std::cout << boost::json::object{{"done", milliseconds.size()},
                                     {"per_second",
                                      static_cast<double>(milliseconds.size()) / elapsed.count()},
                                     {"p50_ms", percentile(milliseconds, 0.50)},
                                     {"p99_ms", percentile(milliseconds, 0.99)},
                                     {"cpu_seconds", cpu_seconds()},
                                     {"errors", errors}}
              << std::endl;
}

}  // namespace bench
