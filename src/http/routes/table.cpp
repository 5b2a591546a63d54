#include <boost/json.hpp>
#include <span>

#include "http/problem.hpp"
#include "http/routes/routes.hpp"

namespace userd::http {
namespace {

using Endpoint = Task<Response> (*)(Services&, const Request&);

enum class Serves { always, once_started };

struct Entry {
    Method method;
    Access access;
    Serves serves;
    std::string_view path;
    Endpoint endpoint;
};

constexpr Serves kAlways = Serves::always;
constexpr Serves kOnceStarted = Serves::once_started;

constexpr Entry kApi[] = {
    {Method::post, Access::anyone, kOnceStarted, "/user/register", register_user},
    {Method::post, Access::anyone, kOnceStarted, "/user/login", log_in},
    {Method::post, Access::anyone, kOnceStarted, "/user/login/refresh", refresh},
    {Method::get, Access::bearer, kOnceStarted, "/user/me", me},
    {Method::get, Access::bearer, kOnceStarted, "/user/sessions", sessions},
    {Method::delete_, Access::bearer, kOnceStarted, "/user/sessions/{id}", end_session},
    {Method::post, Access::bearer, kOnceStarted, "/user/logout", log_out},
    {Method::post, Access::bearer, kOnceStarted, "/user/logout/all", log_out_everywhere},
    {Method::post, Access::service, kOnceStarted, "/token/introspect", introspect},
    {Method::post, Access::service, kOnceStarted, "/token/revoke", revoke},
    {Method::get, Access::anyone, kOnceStarted, "/.well-known/jwks.json", jwks},
    {Method::get, Access::anyone, kAlways, "/health/live", health_live},
    {Method::get, Access::anyone, kAlways, "/health/ready", health_ready},
};

constexpr Entry kManagement[] = {
    {Method::get, Access::management, kAlways, "/metrics", metrics},
    {Method::get, Access::management, kAlways, "/health/live", health_live},
    {Method::get, Access::management, kAlways, "/health/ready", health_ready_for_operators},
};

Task<Response> refuse() {
    co_return service_busy();
}

std::vector<Route> bind(Services& services, std::span<const Entry> entries) {
    std::vector<Route> routes;
    for (const Entry& entry : entries)
        routes.push_back(
            {entry.method, entry.path, entry.access, [&services, &entry](const Request& request) {
                 const bool serves = entry.serves == Serves::always || services.started;
                 return serves ? entry.endpoint(services, request) : refuse();
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
