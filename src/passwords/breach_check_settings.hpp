#pragma once

#include <chrono>
#include <string>

namespace userd {

/// A k-anonymity range service as Have I Been Pwned's: it learns five of forty digits of the
/// password's SHA-1, and compares nothing itself.
struct BreachCheckSettings {
    std::string url;  ///< http or https, ends with '/'; empty for none
    std::chrono::milliseconds timeout{2000};
};

}  // namespace userd
