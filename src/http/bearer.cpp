#include "http/bearer.hpp"

#include "base/text.hpp"

namespace userd::http {

std::optional<std::string> bearer_token(std::string_view authorization) {
    // Schemes are compared without case (RFC 9110 section 11.1).
    constexpr std::string_view kScheme = "bearer ";
    if (compared_form(authorization.substr(0, kScheme.size())) != kScheme) return std::nullopt;
    authorization.remove_prefix(kScheme.size());
    const std::size_t start = authorization.find_first_not_of(' ');
    if (start == std::string_view::npos) return std::nullopt;
    return std::string(authorization.substr(start));
}

}  // namespace userd::http
