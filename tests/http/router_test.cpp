#include "http/router.hpp"

#include <gtest/gtest.h>

#include <iterator>

#include "http/answers.hpp"

namespace userd::http {
namespace {

Route route(Method method, std::string_view path) {
    return {method, path, Access::anyone, Handler()};
}

const Router& router() {
    static const Router made({route(Method::get, "/"), route(Method::get, "/user/"),
                              route(Method::post, "/user/login"), route(Method::get, "/user/login"),
                              route(Method::get, "/user/me")});
    return made;
}

Router::Match find(Method method, const std::string& path, const std::string& query = {}) {
    return router().find(request_of(method, path, query));
}

TEST(Router, FindsARouteByMethodAndExactPath) {
    EXPECT_EQ(find(Method::get, "/user/me").route, &router().routes()[4]);
    EXPECT_EQ(find(Method::get, "/user/me").index, 4U);
    EXPECT_EQ(find(Method::post, "/user/login").index, 2U);
    EXPECT_EQ(find(Method::get, "/user/login").index, 3U);
    EXPECT_EQ(find(Method::get, "/user/me", "a=b").index, 4U);
}

TEST(Router, UnknownPathsAre404ForEveryMethod) {
    for (const Method method : {Method::get, Method::post, Method::options, Method::other})
        for (const char* const path :
             {"/nothing", "/user/me/x", "/user/m", "/User/me", "/user/me ", "//user/me",
              "/user//me", "/user/me//", "//evil.example", "//evil.example/", "*",
              "/user/../user/me", "/./", "/user/me/.", "/user/me;x"}) {
            const Router::Match match = find(method, path);
            EXPECT_EQ(match.route, nullptr) << path;
            EXPECT_EQ(match.index, router().size()) << path;
            EXPECT_EQ(match.answer.status, 404U) << path;
            EXPECT_EQ(match.answer.body, R"({"detail":"Not Found"})") << path;
        }
}

TEST(Router, OtherMethodsAre405WithThoseThatAreAllowed) {
    for (const auto& [path, allowed] : {std::pair("/", "GET"), std::pair("/user/me", "GET"),
                                        std::pair("/user/login", "POST, GET")})
        for (const Method method : {Method::head, Method::put, Method::patch, Method::delete_,
                                    Method::options, Method::other}) {
            const Router::Match match = find(method, path);
            EXPECT_EQ(match.route, nullptr);
            EXPECT_EQ(match.index, router().size());
            EXPECT_EQ(match.answer.status, 405U);
            EXPECT_EQ(header(match.answer, "Allow"), allowed);
            EXPECT_EQ(match.answer.body, R"({"detail":"Method Not Allowed"})");
        }
}

TEST(Router, OneSlashTooManyOrTooFewIs307ForEveryMethod) {
    for (const Method method : {Method::get, Method::post, Method::delete_, Method::other})
        for (const auto& [path, location] :
             {std::pair("/user", "/user/"), std::pair("/user/me/", "/user/me"),
              std::pair("/user/login/", "/user/login"), std::pair("//", "/")}) {
            const Router::Match match = find(method, path);
            EXPECT_EQ(match.route, nullptr);
            EXPECT_EQ(match.answer.status, 307U) << path;
            EXPECT_EQ(header(match.answer, "Location"), location);
            EXPECT_EQ(match.answer.body, "");
            EXPECT_EQ(match.answer.content_type, "");
        }
}

TEST(Router, ARedirectKeepsTheQueryAsItWasSent) {
    EXPECT_EQ(header(find(Method::get, "/user/me/", "a=b&c=%20//x?y").answer, "Location"),
              "/user/me?a=b&c=%20//x?y");
}

TEST(Router, ARedirectNamesNoHostAndNoPathOfTheCallers) {
    for (const char* const path : {"//", "/user", "/user/me/"}) {
        const std::string location = header(find(Method::get, path).answer, "Location");
        EXPECT_FALSE(location.starts_with("//")) << location;
        EXPECT_EQ(location.find(':'), std::string::npos) << location;
    }
}

TEST(Router, WithoutRoutesKnowsNothing) {
    const Router empty;
    EXPECT_EQ(empty.size(), 0U);
    EXPECT_EQ(empty.find(request_of(Method::get, "/")).answer.status, 404U);
    EXPECT_EQ(empty.allowed("/"), "");
}

}  // namespace
}  // namespace userd::http
