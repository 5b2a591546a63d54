#include "http/problem.hpp"

#include <boost/json.hpp>
#include <cstdlib>

#include "http/validation.hpp"

namespace userd::http {
namespace {

constexpr std::string_view kRetryAfterSeconds = "1";
constexpr std::chrono::seconds kLimitRetry{1};

Response with_header(Response response, std::string_view name, std::string_view value) {
    response.headers.emplace_back(name, value);
    return response;
}

Response unauthorized(std::string_view detail) {
    return with_header(problem(401, detail), "WWW-Authenticate", "Bearer");
}

}  // namespace

Response problem(unsigned status, std::string_view detail) {
    Response response;
    response.status = status;
    response.body = boost::json::serialize(boost::json::object{{"detail", detail}});
    return response;
}

Response problem(Errc error) {
    switch (error) {
        case Errc::user_exists:
            return problem(409, "User with these credentials already exists");
        case Errc::bad_credentials:
            return problem(401, "Invalid username or password");
        case Errc::bad_refresh:
            return unauthorized("Invalid token, Please login again");
        case Errc::bad_token:
            return unauthorized("Could not validate credentials");
        case Errc::breached_password:
            return unprocessable({breached_password_error()});
        case Errc::not_found:
            return not_found();
        case Errc::too_many_attempts:
            return too_many_attempts(kLimitRetry);
        case Errc::busy:
            return service_busy();
    }
    std::abort();
}

Response problem(const Refusal& refusal) {
    if (refusal.error == Errc::too_many_attempts) return too_many_attempts(refusal.retry_after);
    return problem(refusal.error);
}

Response bad_request() {
    return problem(400, "Bad Request");
}
Response not_authenticated() {
    return unauthorized("Not authenticated");
}
Response not_found() {
    return problem(404, "Not Found");
}
Response request_timeout() {
    return problem(408, "Request timeout");
}
Response body_too_large() {
    return problem(413, "Request body too large");
}
Response too_many_attempts(std::chrono::seconds retry_after) {
    return with_header(problem(429, "Too many attempts, try again later"), "Retry-After",
                       std::to_string(retry_after.count()));
}
Response header_too_large() {
    return problem(431, "Request header too large");
}
Response internal_error() {
    return problem(500, "Internal Server Error");
}
Response service_busy() {
    return with_header(problem(503, "Service busy, try again"), "Retry-After", kRetryAfterSeconds);
}

}  // namespace userd::http
