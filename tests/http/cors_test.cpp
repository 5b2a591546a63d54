#include "http/cors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/answers.hpp"

namespace userd::http {
namespace {

using testing::IsEmpty;

const std::vector<std::string> kOrigins = {"https://shop.example", "https://admin.example:8443"};

const Router& router() {
    static const Router made({{Method::post, "/user/login", Access::anyone, Handler()},
                              {Method::get, "/user/me", Access::bearer, Handler()}});
    return made;
}

Request preflight(const std::string& origin, const std::string& path = "/user/login") {
    Request request = request_of(Method::options, path);
    request.origin = origin;
    request.access_control_request_method = "POST";
    return request;
}

TEST(Cors, APreflightOfAnAllowedOriginIsAnswered) {
    for (const std::string& origin : kOrigins) {
        const auto answer = answer_preflight(preflight(origin), router(), kOrigins);
        ASSERT_TRUE(answer) << origin;
        EXPECT_EQ(answer->status, 204U);
        EXPECT_EQ(answer->body, "");
        EXPECT_EQ(answer->content_type, "");
        EXPECT_EQ(header(*answer, "Access-Control-Allow-Methods"), "POST");
        EXPECT_EQ(header(*answer, "Access-Control-Allow-Headers"),
                  "Authorization, Content-Type, X-Request-ID");
        // Tokens go in a header; no cookie of another site is ever wanted.
        EXPECT_EQ(header(*answer, "Access-Control-Allow-Credentials"), "(none)");
    }
}

class ForeignOrigins : public testing::TestWithParam<const char*> {};

TEST_P(ForeignOrigins, AreNotAllowed) {
    EXPECT_FALSE(answer_preflight(preflight(GetParam()), router(), kOrigins));
    Request request = request_of(Method::get, "/user/me");
    request.origin = GetParam();
    Response response;
    add_cors_headers(request, response, kOrigins);
    EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "(none)");
    EXPECT_EQ(header(response, "Vary"), "Origin");
}

INSTANTIATE_TEST_SUITE_P(All, ForeignOrigins,
                         testing::Values("", "null", "*", "https://evil.example",
                                         "http://shop.example", "https://shop.example:443",
                                         "https://shop.example/", "https://shop.example.evil",
                                         "https://a.shop.example", "https://shop.exampl",
                                         "https://admin.example", "https://admin.example:8444",
                                         "HTTPS://SHOP.EXAMPLE",
                                         "https://shop.example https://evil.example"));

TEST(Cors, NoPreflightIsAnsweredWithoutOriginsPathOrMethod) {
    EXPECT_FALSE(answer_preflight(preflight(kOrigins[0]), router(), {}));
    EXPECT_FALSE(answer_preflight(preflight(kOrigins[0], "/nothing"), router(), kOrigins));
    Request request = preflight(kOrigins[0]);
    request.access_control_request_method.clear();
    EXPECT_FALSE(answer_preflight(request, router(), kOrigins));
    request = preflight(kOrigins[0]);
    request.method = Method::post;
    EXPECT_FALSE(answer_preflight(request, router(), kOrigins));
}

TEST(Cors, AnswersNameTheOriginThatAsked) {
    for (const std::string& origin : kOrigins) {
        Request request = request_of(Method::get, "/user/me");
        request.origin = origin;
        Response response;
        add_cors_headers(request, response, kOrigins);
        EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), origin);
        EXPECT_EQ(header(response, "Access-Control-Expose-Headers"), "X-Request-ID");
        EXPECT_EQ(header(response, "Vary"), "Origin");
    }
}

TEST(Cors, WithoutOriginsNothingIsAdded) {
    Request request = request_of(Method::get, "/user/me");
    request.origin = "https://shop.example";
    Response response;
    add_cors_headers(request, response, {});
    EXPECT_THAT(response.headers, IsEmpty());
}

}  // namespace
}  // namespace userd::http
