#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace userd::http {

/// The token of `Authorization: Bearer …` (RFC 6750 section 2.1); nothing for none or another
/// scheme.
[[nodiscard]] std::optional<std::string> bearer_token(std::string_view authorization);

}  // namespace userd::http
