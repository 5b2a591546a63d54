#include <boost/json.hpp>

#include "http/routes/routes.hpp"
#include "http/service_request.hpp"

namespace userd::http {
namespace {

/// The request's token once its credentials are good, else the answer.
Task<std::variant<Secret, Response>> token_of(Services& services, const Request& request) {
    auto parsed = parse_service_request(request);
    if (Response* refusal = std::get_if<Response>(&parsed)) co_return std::move(*refusal);
    ServiceRequest& asked = std::get<ServiceRequest>(parsed);
    const bool is_good = co_await services.accounts.is_service(std::move(asked.client_id),
                                                               std::move(asked.client_secret));
    if (!is_good) co_return invalid_client();
    co_return std::move(asked.token);
}

boost::json::object described(const TokenInfo& info, const TokenSettings& settings) {
    const bool is_access = info.kind == TokenInfo::Kind::access;
    return {
        {"active", true},
        {"token_type", is_access ? "Bearer" : "refresh_token"},
        {"iss", settings.issuer},
        {"aud", settings.audience},
        {"sub", info.user.to_string()},
        {"sid", info.session.to_string()},
        {"username", info.username},
        {"jti", info.id},
        {"iat", unix_seconds(info.issued_at)},
        {"exp", unix_seconds(info.expires_at)},
    };
}

}  // namespace

Task<Response> introspect(Services& services, const Request& request) {
    std::variant<Secret, Response> asked = co_await token_of(services, request);
    if (Response* refusal = std::get_if<Response>(&asked)) co_return std::move(*refusal);
    const std::optional<TokenInfo> info =
        co_await services.accounts.introspect(std::get<Secret>(std::move(asked)));
    const boost::json::object answer = info ? described(*info, services.accounts.token_settings())
                                            : boost::json::object{{"active", false}};
    Response response = ok(boost::json::serialize(answer));
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
}

Task<Response> revoke(Services& services, const Request& request) {
    std::variant<Secret, Response> asked = co_await token_of(services, request);
    if (Response* refusal = std::get_if<Response>(&asked)) co_return std::move(*refusal);
    co_await services.accounts.revoke(std::get<Secret>(std::move(asked)));
    // RFC 7009 section 2.2: the same for a token that was no good.
    Response response;
    response.content_type = {};
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
}

}  // namespace userd::http
