#pragma once

#include <string>
#include <string_view>

namespace userd {

/// The compared form of usernames and e-mails: ASCII letters in lower case, every other byte as it
/// is. The only function that makes it, so every store agrees.
[[nodiscard]] std::string compared_form(std::string_view text);

/// Two digits in lower case for each byte.
[[nodiscard]] std::string hex(std::string_view bytes);

/// Without spaces and tabs at either end (RFC 9110 section 5.6.3).
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// Code points of valid UTF-8.
[[nodiscard]] std::size_t count_code_points(std::string_view text) noexcept;

}  // namespace userd
