#include <boost/json.hpp>

#include "base/text.hpp"
#include "http/problem.hpp"
#include "http/routes/routes.hpp"

namespace userd::http {
namespace {

/// RFC 6750 section 2.1; the scheme is compared without case (RFC 9110 section 11.1).
std::optional<std::string> bearer_token(std::string_view authorization) {
    constexpr std::string_view kScheme = "bearer ";
    if (compared_form(authorization.substr(0, kScheme.size())) != kScheme) return std::nullopt;
    authorization.remove_prefix(kScheme.size());
    const std::size_t start = authorization.find_first_not_of(' ');
    if (start == std::string_view::npos) return std::nullopt;
    return std::string(authorization.substr(start));
}

}  // namespace

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
