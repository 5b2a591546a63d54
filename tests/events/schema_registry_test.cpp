#include "events/schema_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <future>

#include "events/scripted_http.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Outcome = SchemaRegistration::Outcome;

std::string answer(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

SchemaRegistrySettings settings_of(const ScriptedHttp& registry) {
    SchemaRegistrySettings settings;
    settings.url = registry.url();
    settings.timeout = 10min;
    return settings;
}

SchemaRegistration ask(const ScriptedHttp& registry) {
    return register_schema(settings_of(registry), user_schema("users"), std::stop_token());
}

SchemaRegistration ask(const std::string& whole_answer, bool close = false) {
    const ScriptedHttp registry(whole_answer, close);
    return ask(registry);
}

TEST(SchemaRegistry, RegistersTheProtoFileUnderTheTopicsName) {
    const ScriptedHttp registry(answer("200 OK", R"({"id":41})"));
    const SchemaRegistration made =
        register_schema(settings_of(registry), audit_schema("audit"), std::stop_token());
    EXPECT_EQ(made.outcome, Outcome::registered);
    EXPECT_EQ(made.id, 41);
    EXPECT_EQ(made.reason, "");
    EXPECT_EQ(registry.request().method_string(), "POST");
    EXPECT_EQ(registry.request().target(), "/api/subjects/audit-value/versions");
    EXPECT_EQ(registry.request()["Content-Type"], "application/vnd.schemaregistry.v1+json");
    EXPECT_EQ(registry.request().count("Authorization"), 0U);
    const boost::json::object body = boost::json::parse(registry.request().body()).as_object();
    EXPECT_EQ(body.at("schemaType"), "PROTOBUF");
    EXPECT_EQ(body.at("schema").as_string(), audit_schema("audit").text);
}

TEST(SchemaRegistry, AUserIsShownToTheRegistryOnly) {
    const ScriptedHttp registry(answer("401 Unauthorized", "{}"));
    SchemaRegistrySettings settings = settings_of(registry);
    settings.user = "ada";
    settings.password = Secret(std::string_view("se:cret"));
    const SchemaRegistration made =
        register_schema(settings, user_schema("users"), std::stop_token());
    EXPECT_EQ(registry.request()["Authorization"], "Basic YWRhOnNlOmNyZXQ=");
    EXPECT_EQ(made.outcome, Outcome::unavailable);
    EXPECT_EQ(made.reason, "it answered 401");
}

class Refusals : public testing::TestWithParam<std::string> {};

TEST_P(Refusals, TellTheRegistrysMessage) {
    const SchemaRegistration made =
        ask(answer(GetParam(), R"({"error_code":409,"message":"field 3\nchanged"})"));
    EXPECT_EQ(made.outcome, Outcome::refused);
    EXPECT_THAT(made.reason, HasSubstr(GetParam().substr(0, 3) + ": field 3?changed"));
}

INSTANTIATE_TEST_SUITE_P(SchemaRegistry, Refusals,
                         testing::Values("409 Conflict", "422 Unprocessable Entity"));

class Unavailable : public testing::TestWithParam<std::string> {};

TEST_P(Unavailable, IsNoRefusalOfTheSchema) {
    const SchemaRegistration made = ask(GetParam(), true);
    EXPECT_EQ(made.outcome, Outcome::unavailable);
    EXPECT_NE(made.reason, "");
}

INSTANTIATE_TEST_SUITE_P(
    SchemaRegistry, Unavailable,
    testing::Values(answer("500 Internal Server Error", R"({"message":"store"})"),
                    answer("503 Service Unavailable", "<html>"), answer("404 Not Found", "{}"),
                    answer("403 Forbidden", "{}"), answer("429 Too Many Requests", ""),
                    answer("302 Found", "{\"id\":1}"), answer("204 No Content", ""),
                    answer("200 OK", ""), answer("200 OK", "no json"), answer("200 OK", "[1]"),
                    answer("200 OK", R"({"id":"1"})"), answer("200 OK", R"({"id":0})"),
                    answer("200 OK", R"({"id":-1})"), answer("200 OK", R"({"id":2147483648})"),
                    answer("200 OK", R"({"id":18446744073709551615})"),
                    answer("200 OK", R"({"id":1.5})"), answer("200 OK", "{}"),
                    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":1}",
                    "nothing of HTTP\r\n", ""));

TEST(SchemaRegistry, AnIdMayHaveAllOf31Bits) {
    EXPECT_EQ(ask(answer("200 OK", R"({"id":2147483647})")).id, 2147483647);
}

TEST(SchemaRegistry, AnAnswerBeyondTheBoundIsNotTaken) {
    const ScriptedHttp registry(
        answer("200 OK", R"({"id":1,"x":")" + std::string(99, 'x') + "\"}"));
    SchemaRegistrySettings settings = settings_of(registry);
    settings.max_answer = 100;
    const SchemaRegistration made =
        register_schema(settings, user_schema("users"), std::stop_token());
    EXPECT_EQ(made.outcome, Outcome::unavailable);
    EXPECT_EQ(made.reason, "the answer is too large");
}

TEST(SchemaRegistry, ALongMessageIsCutAndHoldsNoControlBytes) {
    const SchemaRegistration made =
        ask(answer("409 Conflict", R"({"message":")" + std::string(60'000, 'x') + R"(\u001b"})"));
    EXPECT_EQ(made.outcome, Outcome::refused);
    EXPECT_LT(made.reason.size(), 600U);
    EXPECT_EQ(ask(answer("409 Conflict", R"({"message":"a\u001b\u00e9b"})")).reason,
              "it answered 409: a???b");
}

TEST(SchemaRegistry, ASilentRegistryIsGivenUpAfterTheTimeout) {
    const ScriptedHttp registry("");
    SchemaRegistrySettings settings = settings_of(registry);
    settings.timeout = 50ms;
    const SchemaRegistration made =
        register_schema(settings, user_schema("users"), std::stop_token());
    EXPECT_EQ(made.outcome, Outcome::unavailable);
    EXPECT_THAT(made.reason, HasSubstr("timed out"));
}

TEST(SchemaRegistry, AStopDoesNotWaitForASilentRegistry) {
    const ScriptedHttp registry("");
    std::stop_source stop;
    auto asked = std::async(std::launch::async, [&] {
        return register_schema(settings_of(registry), user_schema("users"), stop.get_token());
    });
    (void)registry.request();
    stop.request_stop();
    EXPECT_EQ(asked.get().outcome, Outcome::unavailable);
}

TEST(SchemaRegistry, NobodyThereIsUnavailable) {
    std::string url;
    {
        const ScriptedHttp gone("");
        url = gone.url();
    }
    SchemaRegistrySettings settings;
    settings.url = url;
    EXPECT_EQ(register_schema(settings, user_schema("users"), std::stop_token()).outcome,
              Outcome::unavailable);
}

TEST(SchemaRegistry, AnAuthorityFileThatIsMissingIsNamedAsTheReason) {
    const ScriptedHttp registry("");
    SchemaRegistrySettings settings = settings_of(registry);
    settings.url.replace(0, 4, "https");
    settings.authorities = "/nonexistent/ca.pem";
    const SchemaRegistration made =
        register_schema(settings, user_schema("users"), std::stop_token());
    EXPECT_EQ(made.outcome, Outcome::unavailable);
    EXPECT_THAT(made.reason, HasSubstr("/nonexistent/ca.pem"));
}

}  // namespace
}  // namespace userd
