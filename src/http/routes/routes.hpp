#pragma once

#include <vector>

#include "http/message.hpp"
#include "http/router.hpp"
#include "http/routes/services.hpp"

namespace userd::http {

/// The public API, documentation and health.
[[nodiscard]] std::vector<Route> api_routes(Services& services);
/// The management address: metrics and health.
[[nodiscard]] std::vector<Route> management_routes(Services& services);

/// 200 with a JSON text.
[[nodiscard]] Response ok(std::string json);
/// 200 with both tokens and Cache-Control: no-store.
[[nodiscard]] Response tokens_answer(const TokenPair& tokens);

Task<Response> register_user(Services& services, const Request& request);
Task<Response> log_in(Services& services, const Request& request);
Task<Response> refresh(Services& services, const Request& request);
Task<Response> me(Services& services, const Request& request);
Task<Response> sessions(Services& services, const Request& request);
Task<Response> end_session(Services& services, const Request& request);
Task<Response> log_out(Services& services, const Request& request);
Task<Response> log_out_everywhere(Services& services, const Request& request);
Task<Response> introspect(Services& services, const Request& request);
Task<Response> revoke(Services& services, const Request& request);
Task<Response> jwks(Services& services, const Request& request);
Task<Response> health_live(Services& services, const Request& request);
Task<Response> health_ready(Services& services, const Request& request);
Task<Response> health_ready_for_operators(Services& services, const Request& request);
Task<Response> metrics(Services& services, const Request& request);

/// The fixed pages: greetings, OpenAPI document (with the policy's minimum), documentation pages
/// and their assets.
[[nodiscard]] std::vector<Route> page_routes(const PasswordPolicy& policy);

}  // namespace userd::http
