#include <boost/json.hpp>

#include "http/bearer.hpp"
#include "http/problem.hpp"
#include "http/routes/routes.hpp"

namespace userd::http {
namespace {

Response no_content() {
    Response response;
    response.status = 204;
    response.content_type = {};
    return response;
}

boost::json::object described(const SessionInfo& session, const SessionId& current) {
    return {
        {"id", session.id.to_string()},
        {"created_at", rfc3339(session.created_at)},
        {"last_used_at", rfc3339(session.last_used_at)},
        {"expires_at", rfc3339(session.expires_at)},
        {"client_address", session.client.address},
        {"user_agent", session.client.agent},
        {"current", session.id == current},
    };
}

Task<Response> end_sessions(Services& services, const Request& request, bool everywhere) {
    std::optional<std::string> token = bearer_token(request.authorization);
    if (!token) co_return not_authenticated();
    const Result<void> ended = co_await services.accounts.log_out(*std::move(token), everywhere);
    if (!ended) co_return problem(ended.error());
    co_return no_content();
}

}  // namespace

Task<Response> sessions(Services& services, const Request& request) {
    std::optional<std::string> token = bearer_token(request.authorization);
    if (!token) co_return not_authenticated();
    const Result<OwnSessions> own = co_await services.accounts.sessions(*std::move(token));
    if (!own) co_return problem(own.error());
    boost::json::array list;
    for (const SessionInfo& session : own->all)
        list.push_back(described(session, own->current));
    Response response = ok(boost::json::serialize(list));
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
}

Task<Response> end_session(Services& services, const Request& request) {
    std::optional<std::string> token = bearer_token(request.authorization);
    if (!token) co_return not_authenticated();
    const std::string_view path = request.path;
    // What is no id names no session; whether the caller may know is asked first all the same.
    const auto id = SessionId::parse(path.substr(path.rfind('/') + 1));
    const Result<void> ended =
        co_await services.accounts.end_session(*std::move(token), id.value_or(SessionId()));
    if (!ended) co_return problem(ended.error());
    co_return no_content();
}

Task<Response> log_out(Services& services, const Request& request) {
    return end_sessions(services, request, false);
}

Task<Response> log_out_everywhere(Services& services, const Request& request) {
    return end_sessions(services, request, true);
}

}  // namespace userd::http
