#include <boost/json.hpp>
#include <span>

#include "http/routes/routes.hpp"

namespace userd::http {
namespace {

using Endpoint = Task<Response> (*)(Services&, const Request&);

struct Entry {
    Method method;
    std::string_view path;
    Access access;
    Endpoint endpoint;
};

constexpr Entry kApi[] = {
    {Method::post, "/user/register", Access::anyone, register_user},
    {Method::post, "/user/login", Access::anyone, log_in},
    {Method::post, "/user/login/refresh", Access::anyone, refresh},
    {Method::get, "/user/me", Access::bearer, me},
    {Method::get, "/user/sessions", Access::bearer, sessions},
    {Method::delete_, "/user/sessions/{id}", Access::bearer, end_session},
    {Method::post, "/user/logout", Access::bearer, log_out},
    {Method::post, "/user/logout/all", Access::bearer, log_out_everywhere},
    {Method::post, "/token/introspect", Access::service, introspect},
    {Method::post, "/token/revoke", Access::service, revoke},
    {Method::get, "/.well-known/jwks.json", Access::anyone, jwks},
    {Method::get, "/health/live", Access::anyone, health_live},
    {Method::get, "/health/ready", Access::anyone, health_ready},
};

constexpr Entry kManagement[] = {
    {Method::get, "/metrics", Access::management, metrics},
    {Method::get, "/health/live", Access::management, health_live},
    {Method::get, "/health/ready", Access::management, health_ready},
};

std::vector<Route> bind(Services& services, std::span<const Entry> entries) {
    std::vector<Route> routes;
    for (const Entry& entry : entries)
        routes.push_back({entry.method, entry.path, entry.access,
                          [&services, endpoint = entry.endpoint](const Request& request) {
                              return endpoint(services, request);
                          }});
    return routes;
}

}  // namespace

Response ok(std::string json) {
    Response response;
    response.body = std::move(json);
    return response;
}

Response tokens_answer(const TokenPair& tokens) {
    Response response = ok(boost::json::serialize(boost::json::object{
        {"access_token", tokens.access.reveal()},
        {"token_type", "bearer"},
        {"refresh_token", tokens.refresh.reveal()},
    }));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

std::vector<Route> api_routes(Services& services) {
    std::vector<Route> routes = bind(services, kApi);
    std::vector<Route> pages = page_routes(services.passwords);
    routes.insert(routes.end(), std::make_move_iterator(pages.begin()),
                  std::make_move_iterator(pages.end()));
    return routes;
}

std::vector<Route> management_routes(Services& services) {
    return bind(services, kManagement);
}

}  // namespace userd::http
