#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace userd {

/// RFC 4648 section 5 without padding, as RFC 7515 section 2 wants it.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);

/// The only decoder: refuses padding, foreign characters, impossible lengths and non-zero spare
/// bits, so every byte string has exactly one accepted spelling.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace userd
