#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.hpp"
#include "http/router.hpp"

namespace userd::http {

/// The answer to a preflight of an allowed origin for a known path (Fetch standard); nothing for
/// any other request.
[[nodiscard]] std::optional<Response> answer_preflight(const Request& request, const Router& router,
                                                       const std::vector<std::string>& origins);

/// Adds the headers that let an allowed origin read the answer. Without allowed origins nothing is
/// added.
void add_cors_headers(const Request& request, Response& response,
                      const std::vector<std::string>& origins);

}  // namespace userd::http
