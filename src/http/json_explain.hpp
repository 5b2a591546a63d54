#pragma once

#include <optional>
#include <string_view>

#include "http/json_body.hpp"

namespace userd::http {

/// The message and position that Python's json.loads gives for a malformed text; nothing for one it
/// takes. Looks at texts that failed already; beyond kMaxJsonDepth it says so.
[[nodiscard]] std::optional<JsonError> explain_json(std::string_view text);

}  // namespace userd::http
