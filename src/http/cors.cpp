#include "http/cors.hpp"

#include <algorithm>

namespace userd::http {
namespace {

bool is_allowed(const Request& request, const std::vector<std::string>& origins) {
    return std::find(origins.begin(), origins.end(), request.origin) != origins.end();
}

}  // namespace

std::optional<Response> answer_preflight(const Request& request, const Router& router,
                                         const std::vector<std::string>& origins) {
    if (request.method != Method::options || request.access_control_request_method.empty() ||
        !is_allowed(request, origins))
        return std::nullopt;
    std::string methods = router.allowed(request.path);
    if (methods.empty()) return std::nullopt;
    Response response;
    response.status = 204;
    response.content_type = {};
    response.headers.emplace_back("Access-Control-Allow-Methods", std::move(methods));
    response.headers.emplace_back("Access-Control-Allow-Headers",
                                  "Authorization, Content-Type, X-Request-ID");
    response.headers.emplace_back("Access-Control-Max-Age", "600");
    return response;
}

void add_cors_headers(const Request& request, Response& response,
                      const std::vector<std::string>& origins) {
    if (origins.empty()) return;
    response.headers.emplace_back("Vary", "Origin");
    if (!is_allowed(request, origins)) return;
    response.headers.emplace_back("Access-Control-Allow-Origin", request.origin);
    response.headers.emplace_back("Access-Control-Expose-Headers", "X-Request-ID");
}

}  // namespace userd::http
