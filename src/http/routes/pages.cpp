#include <boost/json.hpp>
#include <memory>
#include <string>

#include "http/routes/assets.hpp"
#include "http/routes/routes.hpp"

namespace userd::http {
namespace {

// Swagger UI and ReDoc set styles on elements; no script but our own files runs.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
    "data:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

std::string_view content_type_of(std::string_view path) {
    if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (path.ends_with(".css")) return "text/css; charset=utf-8";
    if (path.ends_with(".png")) return "image/png";
    if (path.ends_with(".json")) return "application/json";
    return "text/html; charset=utf-8";
}

Task<Response> serve(EmbeddedFile file) {
    Response response;
    response.content_type = content_type_of(file.name);
    response.body = file.content;
    if (response.content_type.starts_with("text/html")) {
        response.headers.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
        response.headers.emplace_back("Referrer-Policy", "no-referrer");
    }
    co_return response;
}

/// The document as written, but for what the settings decide.
std::string openapi_document(std::string_view written, const PasswordPolicy& policy) {
    boost::json::value document = boost::json::parse(written);
    document.at_pointer("/components/schemas/Registration/properties/password/minLength") =
        policy.min_bytes;
    return boost::json::serialize(document);
}

Task<Response> greet(std::string_view text) {
    co_return ok(std::string(text));
}

Route greeting(std::string_view path, std::string_view text) {
    return {Method::get, path, Access::anyone, [text](const Request&) { return greet(text); }};
}

Route openapi(const EmbeddedFile& file, const PasswordPolicy& policy) {
    auto document = std::make_shared<const std::string>(openapi_document(file.content, policy));
    return {Method::get, file.name, Access::anyone, [name = file.name, document](const Request&) {
                return serve({name, *document});
            }};
}

}  // namespace

std::vector<Route> page_routes(const PasswordPolicy& policy) {
    std::vector<Route> routes = {
        greeting("/", R"({"Message":"User App running :-}"})"),
        greeting("/user/", R"({"Message":"User Page running :-}"})"),
    };
    for (const EmbeddedFile& file : assets::files())
        if (file.name == "/openapi.json")
            routes.push_back(openapi(file, policy));
        else
            routes.push_back({Method::get, file.name, Access::anyone,
                              [file](const Request&) { return serve(file); }});
    return routes;
}

}  // namespace userd::http
