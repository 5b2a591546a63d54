#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace userd::http {

inline constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

/// The type of a Content-Type in lower case, without its parameters.
[[nodiscard]] std::string media_type(std::string_view content_type);

/// application/x-www-form-urlencoded, each name at most once (RFC 6749 section 3.2), at most 32
/// names, UTF-8. Nothing for anything else.
[[nodiscard]] std::optional<std::map<std::string, std::string>> parse_form(std::string_view body);

}  // namespace userd::http
