#pragma once

#include <string_view>
#include <vector>

namespace userd {

/// A file compiled into the binary by cmake/embed.py.
struct EmbeddedFile {
    std::string_view name;
    std::string_view content;
};

}  // namespace userd
