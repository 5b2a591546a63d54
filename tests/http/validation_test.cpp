#include "http/bad_bodies.hpp"

namespace userd::http {
namespace {

TEST_P(BadBodies, HaveFastApisAnswer) {
    const Bad& bad = GetParam();
    const std::string found = answer(bad.form, body_of(bad.body, bad.content_type));
    ASSERT_NE(found, "(good)") << bad.body;
    EXPECT_EQ(json::parse(found).at("detail"), json::parse(bad.detail)) << found;
    EXPECT_EQ(found.find(kSecret), std::string::npos) << found;
}

constexpr const char* kMissingBody =
    R"([{"type":"missing","loc":["body"],"msg":"Field required","input":null}])";

std::string no_object(const std::string& input) {
    return R"([{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid )"
           R"(dictionary or object to extract fields from","input":)" +
           input + "}]";
}

std::string not_json(int position, const std::string& error) {
    return R"([{"type":"json_invalid","loc":["body",)" + std::to_string(position) +
           R"(],"msg":"JSON decode error","input":{},"ctx":{"error":")" + error + R"("}}])";
}

std::string missing(const std::string& field, const std::string& input) {
    return R"({"type":"missing","loc":["body",")" + field +
           R"("],"msg":"Field required","input":)" + input + "}";
}

std::string no_string(const std::string& field, const std::string& input) {
    return R"({"type":"string_type","loc":["body",")" + field +
           R"("],"msg":"Input should be a valid string","input":)" + input + "}";
}

INSTANTIATE_TEST_SUITE_P(
    NoObject, BadBodies,
    testing::Values(Bad{Form::registration, "", kMissingBody}, Bad{Form::login, "", kMissingBody},
                    Bad{Form::refresh, "", kMissingBody}, Bad{Form::login, " null ", kMissingBody},
                    Bad{Form::login, "", kMissingBody, "text/plain"},
                    Bad{Form::login, "1", no_object("1")},
                    Bad{Form::login, "true", no_object("true")},
                    Bad{Form::login, "[1,[2]]", no_object("[1,[2]]")},
                    Bad{Form::login, '"' + kSecret + '"', no_object(R"("**********")")},
                    Bad{Form::login, R"([{"password":")" + kSecret + R"("}])",
                        no_object(R"([{"password":"**********"}])")},
                    Bad{Form::login, R"({"password":")" + kSecret + R"("})",
                        no_object(R"("**********")"), "text/plain"},
                    Bad{Form::refresh, "old_refresh_token=" + kSecret, no_object(R"("**********")"),
                        "application/x-www-form-urlencoded"},
                    Bad{Form::registration, "username=ada", no_object(R"("**********")"),
                        "application/x-www-form-urlencoded"},
                    Bad{Form::login, "{}", no_object(R"("**********")"), "application/jsonx"},
                    Bad{Form::login, "{}", no_object(R"("**********")"), "text/json"},
                    Bad{Form::login, "{}", no_object(R"("**********")"),
                        "multipart/form-data; boundary=x"}));

INSTANTIATE_TEST_SUITE_P(
    NoJson, BadBodies,
    testing::Values(
        Bad{Form::login, "{", not_json(1, "Expecting property name enclosed in double quotes")},
        Bad{Form::login, R"({"password":")" + kSecret,
            not_json(12, "Unterminated string starting at")},
        Bad{Form::refresh, kSecret, not_json(0, "Expecting value")},
        Bad{Form::registration, R"({"a":1 "b":2})", not_json(7, "Expecting ',' delimiter")}));

INSTANTIATE_TEST_SUITE_P(
    Fields, BadBodies,
    testing::Values(
        Bad{Form::registration, "{}",
            "[" + missing("username", "{}") + "," + missing("email", "{}") + "," +
                missing("password", "{}") + "]"},
        Bad{Form::registration, R"({"password":")" + kSecret + R"(","more":[{"a":1}]})",
            "[" + missing("username", R"({"password":"**********","more":[{"a":1}]})") + "," +
                missing("email", R"({"password":"**********","more":[{"a":1}]})") + "]"},
        Bad{Form::login, R"({"username":"ada","Password":")" + kSecret + R"("})",
            "[" + missing("password", R"({"username":"ada","Password":"**********"})") + "]"},
        Bad{Form::login,
            R"({"username":{"new_password":")" + kSecret + R"(","API_TOKEN":[")" + kSecret +
                R"("]},"password":{"x":")" + kSecret + R"("}})",
            "[" +
                no_string("username", R"({"new_password":"**********","API_TOKEN":"**********"})") +
                "," + no_string("password", R"("**********")") + "]"},
        Bad{Form::refresh, R"({"refresh_token":")" + kSecret + R"("})",
            "[" + missing("old_refresh_token", R"({"refresh_token":"**********"})") + "]"},
        Bad{Form::refresh, R"({"old_refresh_token":[")" + kSecret + R"("]})",
            "[" + no_string("old_refresh_token", R"("**********")") + "]"},
        Bad{Form::registration, R"({"username":1,"email":null,"password":true})",
            "[" + no_string("username", "1") + "," + no_string("email", "null") + "," +
                no_string("password", R"("**********")") + "]"}));

const std::string kForm = "application/x-www-form-urlencoded";

INSTANTIATE_TEST_SUITE_P(
    PasswordForms, BadBodies,
    testing::Values(
        Bad{Form::login, "username=ada", "[" + missing("password", "null") + "]", kForm},
        Bad{Form::login, "username=&password=",
            "[" + missing("username", "null") + "," + missing("password", "null") + "]", kForm},
        Bad{Form::login, "grant_type=client_credentials&username=ada&password=" + kSecret,
            R"([{"type":"string_pattern_mismatch","loc":["body","grant_type"],)"
            R"("msg":"String should match pattern '^password$'","input":"client_credentials",)"
            R"("ctx":{"pattern":"^password$"}}])",
            kForm}));

// Not FastAPI's, which takes the last of two and decodes anything: what a proxy in front may read
// another way is refused.
TEST(Validation, AmbiguousFormsAreRefusedAndNotEchoed) {
    for (const std::string& body : {"username=ada&password=" + kSecret + "&password=x",
                                    "password=" + kSecret + "&username=%ff"}) {
        const std::string found = answer(Form::login, body_of(body, kForm));
        EXPECT_EQ(json::parse(found).at("detail").at(0).at("type").as_string(), "value_error");
        EXPECT_EQ(found.find(kSecret), std::string::npos);
    }
}

TEST(Validation, EveryFaultOfABodyIsToldAtOnce) {
    const json::value detail =
        json::parse(answer(Form::registration, body_of(registration("a b", "a@b", "short"))))
            .at("detail");
    ASSERT_EQ(detail.as_array().size(), 3U);
    EXPECT_EQ(detail.at(0).at("loc"), (json::array{"body", "username"}));
    EXPECT_EQ(detail.at(1).at("loc"), (json::array{"body", "email"}));
    EXPECT_EQ(detail.at(2).at("loc"), (json::array{"body", "password"}));
}

TEST(Validation, TheAnswerIs422InJson) {
    const Response response = unprocessable(parse_login(body_of("{}")).errors());
    EXPECT_EQ(response.status, 422U);
    EXPECT_EQ(response.content_type, "application/json");
}

TEST(Validation, LoginLetsOlderNamesAndPasswordsIn) {
    for (const std::string& name :
         {std::string("a"), std::string("\xc3\xa4 @x"), std::string(), std::string(254, 'n')})
        for (const std::string& password :
             {std::string(), std::string("x"), std::string(1024, 'x')}) {
            const std::string body =
                json::serialize(json::object{{"username", name}, {"password", password}});
            auto form = parse_login(body_of(body));
            ASSERT_TRUE(form) << name << " " << password;
            EXPECT_EQ(form->username, name);
            EXPECT_EQ(form->password.reveal(), password);
        }
    EXPECT_FALSE(parse_login(body_of(
        json::serialize(json::object{{"username", std::string(255, 'n')}, {"password", "x"}}))));
}

TEST(Validation, JsonIsKnownByItsMediaType) {
    const std::string body = R"({"username":"ada","password":"x","more":{"is":"ignored"}})";
    for (const char* const type :
         {"", "application/json", "Application/JSON", "application/json; charset=utf-8",
          "application/json ;x=y", "application/vnd.api+json"})
        EXPECT_TRUE(parse_login(body_of(body, type))) << type;
}

TEST(Validation, ThePasswordFormOfTheDocumentationPageIsTaken) {
    for (const std::string& type : {kForm, kForm + "; charset=utf-8",
                                    std::string("Application/"
                                                "X-WWW-Form-"
                                                "URLencoded")}) {
        auto form = parse_login(body_of(
            "grant_type=password&username=ada%40example.org&password=a%2Bb+c&scope=&client_id=",
            type));
        ASSERT_TRUE(form) << type;
        EXPECT_EQ(form->username, "ada@example.org");
        EXPECT_EQ(form->password.reveal(), "a+b c");
    }
}

TEST(Validation, RefreshTokensAreTakenAsTheyAre) {
    auto form = parse_refresh(body_of(R"({"old_refresh_token":" any \u00e4 text "})"));
    ASSERT_TRUE(form);
    EXPECT_EQ(form->old_refresh_token.reveal(), " any \xc3\xa4 text ");
}

}  // namespace
}  // namespace userd::http
