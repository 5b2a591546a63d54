#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace userd::fuzz {

/// Ends the process, which libFuzzer reports with the input, unless `holds`.
inline void require(bool holds, const char* what,
                    const std::source_location& place = std::source_location::current()) {
    if (holds) return;
    std::fprintf(stderr, "%s:%u: broken: %s\n", place.file_name(), place.line(), what);
    std::abort();
}

}  // namespace userd::fuzz
