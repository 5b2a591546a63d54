#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace userd {

/// A password in the form that k-anonymity range services (Have I Been Pwned's) index: its SHA-1 in
/// upper-case hexadecimal. Only the prefix, which some thousand known passwords share, may leave
/// the process.
struct RangeKey {
    std::string prefix;  ///< 5 digits
    Secret suffix;       ///< the other 35
};
[[nodiscard]] RangeKey range_key(const Secret& password);

/// Looks the suffix up in a range service's answer, `SUFFIX:COUNT` lines; a count of 0 is padding.
/// Nothing when the answer is not of that form throughout, or empty.
[[nodiscard]] std::optional<bool> find_in_range(std::string_view answer, std::string_view suffix);

}  // namespace userd
