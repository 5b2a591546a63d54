#include "http/routes/routes.hpp"

namespace userd::http {
namespace {

Response answer(Health health) {
    Response response = ok(std::move(health.report));
    if (!health.ready) response.status = 503;
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace

Task<Response> jwks(Services& services, const Request&) {
    Response response = ok(services.accounts.jwks());
    response.headers.emplace_back(
        "Cache-Control",
        "public, max-age=" + std::to_string(services.accounts.jwks_max_age().count()));
    co_return response;
}

Task<Response> health_live(Services&, const Request&) {
    co_return ok(R"({"status":"ok"})");
}

Task<Response> health_ready(Services& services, const Request&) {
    co_return answer(co_await services.health(Audience::anyone));
}

Task<Response> health_ready_for_operators(Services& services, const Request&) {
    co_return answer(co_await services.health(Audience::operators));
}

Task<Response> metrics(Services& services, const Request&) {
    Response response = ok(services.metrics());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    co_return response;
}

}  // namespace userd::http
