#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "http/message.hpp"

namespace userd::http {

/// Who may call a route; stated where it is registered.
enum class Access { anyone, bearer, service, management };

using Handler = std::function<Task<Response>(const Request&)>;

struct Route {
    Method method;
    std::string_view path;  ///< exact, or its last segment is `{a parameter}`; static text
    Access access;
    Handler handler;  ///< the request outlives the returned task
};

/// Finds the handler for a request by exact path. Immutable once built, thread-safe.
class Router {
  public:
    Router() = default;
    explicit Router(std::vector<Route> routes);

    struct Match {
        const Route* route = nullptr;
        std::size_t index = 0;  ///< of the route, for metrics; size() when there is none
        Response answer;  ///< 404, 405 + Allow, or 307 + relative Location when there is no route
    };
    /// FastAPI's rules: the path first (404), then the method (405 with Allow: "GET" or "GET,
    /// POST"), and a path that exists with one trailing slash more or less is a 307 for every
    /// method.
    [[nodiscard]] Match find(const Request& request) const;

    /// "GET, POST": the methods of a path; empty when there is no such path.
    [[nodiscard]] std::string allowed(std::string_view path) const;

    [[nodiscard]] std::size_t size() const noexcept { return routes_.size(); }
    [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

  private:
    [[nodiscard]] bool has_path(std::string_view path) const;
    std::vector<Route> routes_;
};

}  // namespace userd::http
