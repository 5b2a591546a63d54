#include "http/problem.hpp"

#include <gtest/gtest.h>

#include <tuple>

#include "http/answers.hpp"

namespace userd::http {
namespace {

/// Status, body, WWW-Authenticate, Retry-After.
using Expected = std::tuple<unsigned, std::string, std::string, std::string>;

Expected seen(const Response& response) {
    EXPECT_EQ(response.content_type, "application/json");
    return {response.status, response.body, header(response, "WWW-Authenticate"),
            header(response, "Retry-After")};
}

Expected expected(unsigned status, const std::string& detail,
                  const std::string& authenticate = "(none)", const std::string& retry = "(none)") {
    return {status, R"({"detail":")" + detail + R"("})", authenticate, retry};
}

TEST(Problem, EveryErrcHasItsAnswer) {
    EXPECT_EQ(seen(problem(Errc::user_exists)),
              expected(409, "User with these credentials already exists"));
    EXPECT_EQ(seen(problem(Errc::bad_credentials)), expected(401, "Invalid username or password"));
    EXPECT_EQ(seen(problem(Errc::bad_refresh)),
              expected(401, "Invalid token, Please login again", "Bearer"));
    EXPECT_EQ(seen(problem(Errc::bad_token)),
              expected(401, "Could not validate credentials", "Bearer"));
    EXPECT_EQ(seen(problem(Errc::not_found)), expected(404, "Not Found"));
    EXPECT_EQ(seen(problem(Errc::busy)), expected(503, "Service busy, try again", "(none)", "1"));
}

TEST(Problem, EveryFailureOfTheConnectionHasItsAnswer) {
    EXPECT_EQ(seen(bad_request()), expected(400, "Bad Request"));
    EXPECT_EQ(seen(not_authenticated()), expected(401, "Not authenticated", "Bearer"));
    EXPECT_EQ(seen(not_found()), expected(404, "Not Found"));
    EXPECT_EQ(seen(request_timeout()), expected(408, "Request timeout"));
    EXPECT_EQ(seen(body_too_large()), expected(413, "Request body too large"));
    EXPECT_EQ(seen(header_too_large()), expected(431, "Request header too large"));
    EXPECT_EQ(seen(internal_error()), expected(500, "Internal Server Error"));
    EXPECT_EQ(seen(service_busy()), expected(503, "Service busy, try again", "(none)", "1"));
}

TEST(Problem, DetailIsEscaped) {
    EXPECT_EQ(boost::json::parse(problem(400, "say \"hi\"\n\\").body).at("detail").as_string(),
              "say \"hi\"\n\\");
}

}  // namespace
}  // namespace userd::http
