#include <boost/json.hpp>

#include "http/bearer.hpp"
#include "http/problem.hpp"
#include "http/routes/routes.hpp"

namespace userd::http {
Task<Response> me(Services& services, const Request& request) {
    std::optional<std::string> token = bearer_token(request.authorization);
    if (!token) co_return not_authenticated();
    const Result<Profile> profile = co_await services.accounts.profile(*std::move(token));
    if (!profile) co_return problem(profile.error());
    Response response = ok(boost::json::serialize(boost::json::object{
        {"username", profile->username},
        {"email", profile->email},
        {"created_at", rfc3339(profile->created_at)},
        {"updated_at", rfc3339(profile->updated_at)},
    }));
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
}

}  // namespace userd::http
