#include <boost/json.hpp>
#include <span>

#include "http/routes/routes.hpp"

namespace userd::http {
namespace {

using Endpoint = Task<Response> (*)(Services&, const Request&);

struct Entry {
    Method method;
    Access access;
    std::string_view path;
    Endpoint endpoint;
};

constexpr Entry kApi[] = {
    {Method::post, Access::anyone, "/user/register", register_user},
    {Method::post, Access::anyone, "/user/login", log_in},
    {Method::post, Access::anyone, "/user/login/refresh", refresh},
    {Method::get, Access::bearer, "/user/me", me},
    {Method::get, Access::bearer, "/user/sessions", sessions},
    {Method::delete_, Access::bearer, "/user/sessions/{id}", end_session},
    {Method::post, Access::bearer, "/user/logout", log_out},
    {Method::post, Access::bearer, "/user/logout/all", log_out_everywhere},
    {Method::post, Access::service, "/token/introspect", introspect},
    {Method::post, Access::service, "/token/revoke", revoke},
    {Method::get, Access::anyone, "/.well-known/jwks.json", jwks},
    {Method::get, Access::anyone, "/health/live", health_live},
    {Method::get, Access::anyone, "/health/ready", health_ready},
};

constexpr Entry kManagement[] = {
    {Method::get, Access::management, "/metrics", metrics},
    {Method::get, Access::management, "/health/live", health_live},
    {Method::get, Access::management, "/health/ready", health_ready},
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
