#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

namespace userd {

/// A flat JSON object: members are strings, integers or booleans, names do not repeat, text is
/// UTF-8. Nothing for anything else. Tokens have no other shape, so nothing nested is ever looked
/// at.
[[nodiscard]] std::optional<boost::json::object> parse_strict_object(std::string_view json);

}  // namespace userd
