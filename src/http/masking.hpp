#pragma once

#include <boost/json/value.hpp>
#include <string_view>

namespace userd::http {

/// Stands in a 422 body for what must not come back.
constexpr const char* kMask = "**********";

/// Whether a member of this name holds a password or a token.
[[nodiscard]] bool is_secret_name(std::string_view name);

/// A copy in which every member with a secret's name is masked, at any depth.
[[nodiscard]] boost::json::value masked(const boost::json::value& value);

/// For a body that is no object: a text without a name may be a password as well as anything else.
[[nodiscard]] boost::json::value masked_without_names(const boost::json::value& value);

}  // namespace userd::http
