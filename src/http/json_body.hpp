#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace userd::http {

/// Why a text is not JSON as this service takes it: Python's words and position (in characters),
/// since that is what callers of the replaced service see.
struct JsonError {
    std::string message;
    std::size_t position = 0;
};

constexpr std::size_t kMaxJsonDepth = 32;
constexpr const char* kNestedTooDeep = "Nesting too deep";

/// Strict RFC 8259: no repeated members, at most 32 levels, valid UTF-8, no lone surrogates, no
/// number that a double cannot hold.
[[nodiscard]] std::variant<boost::json::value, JsonError> parse_json(std::string_view text);

}  // namespace userd::http
