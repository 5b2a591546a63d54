#include "http/router.hpp"

#include "http/problem.hpp"

namespace userd::http {
namespace {

/// `/sessions/{id}` takes any one segment that is not empty in the place of its last.
bool matches(std::string_view pattern, std::string_view path) {
    if (!pattern.ends_with('}')) return pattern == path;
    const std::string_view prefix = pattern.substr(0, pattern.rfind('{'));
    return path.size() > prefix.size() && path.starts_with(prefix) &&
           path.find('/', prefix.size()) == std::string_view::npos;
}

/// One slash more or fewer at the end.
std::string toggle_slash(std::string path) {
    if (path.ends_with('/'))
        path.pop_back();
    else
        path.push_back('/');
    return path;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

bool Router::has_path(std::string_view path) const {
    return std::any_of(routes_.begin(), routes_.end(),
                       [path](const Route& route) { return matches(route.path, path); });
}

std::string Router::allowed(std::string_view path) const {
    std::string methods;
    for (const Route& route : routes_) {
        if (!matches(route.path, path)) continue;
        if (!methods.empty()) methods += ", ";
        methods += name_of(route.method);
    }
    return methods;
}

Router::Match Router::find(const Request& request) const {
    Match match;
    match.index = size();
    for (std::size_t i = 0; i < routes_.size(); ++i)
        if (matches(routes_[i].path, request.path) && routes_[i].method == request.method) {
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
    if (!has_path(toggle_slash(request.path))) {
        match.answer = not_found();
        return match;
    }
    // As it was sent, so that nothing decoded gets into a header. A known path: no other host.
    std::string location = toggle_slash(request.raw_path);
    if (!request.query.empty()) location += "?" + request.query;
    match.answer.status = 307;
    match.answer.content_type = {};
    match.answer.headers.emplace_back("Location", std::move(location));
    return match;
}

}  // namespace userd::http
