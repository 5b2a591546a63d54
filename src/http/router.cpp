#include "http/router.hpp"

#include "http/problem.hpp"

namespace userd::http {
namespace {

std::string_view name_of(Method method) {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::patch:
            return "PATCH";
        case Method::delete_:
            return "DELETE";
        case Method::options:
            return "OPTIONS";
        case Method::other:
            return "";
    }
    return "";
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

bool Router::has_path(std::string_view path) const {
    return std::any_of(routes_.begin(), routes_.end(),
                       [path](const Route& route) { return route.path == path; });
}

std::string Router::allowed(std::string_view path) const {
    std::string methods;
    for (const Route& route : routes_) {
        if (route.path != path) continue;
        if (!methods.empty()) methods += ", ";
        methods += name_of(route.method);
    }
    return methods;
}

Router::Match Router::find(const Request& request) const {
    Match match;
    match.index = size();
    for (std::size_t i = 0; i < routes_.size(); ++i)
        if (routes_[i].path == request.path && routes_[i].method == request.method) {
            match.route = &routes_[i];
            match.index = i;
            return match;
        }
    if (std::string methods = allowed(request.path); !methods.empty()) {
        match.answer = problem(405, "Method Not Allowed");
        match.answer.headers.emplace_back("Allow", std::move(methods));
        return match;
    }
    // Starlette's rule: one slash more or fewer at the end.
    std::string other = request.path;
    if (other.ends_with('/'))
        other.pop_back();
    else
        other.push_back('/');
    if (other.empty() || !has_path(other)) {
        match.answer = not_found();
        return match;
    }
    match.answer.status = 307;
    match.answer.content_type = {};
    // A known path, so it cannot name another host.
    match.answer.headers.emplace_back("Location",
                                      request.query.empty() ? other : other + "?" + request.query);
    return match;
}

}  // namespace userd::http
