#include "http/validation.hpp"

#include <gtest/gtest.h>

#include "http/answers.hpp"

namespace userd::http {
namespace {

namespace json = boost::json;

const std::string kSecret = "sup3r-s3cret-value";

enum class Form { registration, login, refresh };

std::string answer_of(const FieldErrors& errors) {
    return errors.empty() ? "(good)" : unprocessable(errors).body;
}

std::string answer(Form form, const Request& request) {
    switch (form) {
        case Form::registration:
            return answer_of(parse_register(request).errors());
        case Form::login:
            return answer_of(parse_login(request).errors());
        case Form::refresh:
            return answer_of(parse_refresh(request).errors());
    }
    return "(unknown form)";
}

struct Bad {
    Form form;
    std::string body;
    std::string detail;  ///< as JSON
    std::string content_type = "application/json";
};

class BadBodies : public testing::TestWithParam<Bad> {};

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

std::string registration(const std::string& username, const std::string& email,
                         const std::string& password) {
    return json::serialize(
        json::object{{"username", username}, {"email", email}, {"password", password}});
}

Bad bad_username(const std::string& name, const std::string& type, const std::string& msg,
                 const json::object& ctx) {
    return {Form::registration, registration(name, "ada@example.org", kSecret),
            json::serialize(json::array{json::object{{"type", type},
                                                     {"loc", {"body", "username"}},
                                                     {"msg", msg},
                                                     {"input", name},
                                                     {"ctx", ctx}}})};
}

Bad short_username(const std::string& name) {
    return bad_username(name, "string_too_short", "String should have at least 3 characters",
                        {{"min_length", 3}});
}

Bad long_username(const std::string& name) {
    return bad_username(name, "string_too_long", "String should have at most 64 characters",
                        {{"max_length", 64}});
}

Bad odd_username(const std::string& name) {
    const char* const pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
    return bad_username(name, "string_pattern_mismatch",
                        "String should match pattern '" + std::string(pattern) + "'",
                        {{"pattern", pattern}});
}

INSTANTIATE_TEST_SUITE_P(
    Usernames, BadBodies,
    testing::Values(short_username(""), short_username("ab"), short_username("\xc3\xa4\xc3\xa4"),
                    long_username(std::string(65, 'a')), odd_username("a@example.org"),
                    odd_username("-ab"), odd_username(".ab"), odd_username("_ab"),
                    odd_username("a b"), odd_username("abc\n"), odd_username("ab\xc3\xa4"),
                    odd_username(std::string("ab\0", 3)), odd_username("ab/..")));

Bad bad_email(const std::string& email, const std::string& reason) {
    return {Form::registration, registration("ada", email, kSecret),
            json::serialize(
                json::array{json::object{{"type", "value_error"},
                                         {"loc", {"body", "email"}},
                                         {"msg", "value is not a valid email address: " + reason},
                                         {"input", email},
                                         {"ctx", {{"reason", reason}}}}})};
}

INSTANTIATE_TEST_SUITE_P(
    Emails, BadBodies,
    testing::Values(
        bad_email("", "An email address must have an @-sign."),
        bad_email("plain", "An email address must have an @-sign."),
        bad_email("@example.org", "There must be something before the @-sign."),
        bad_email("a@", "There must be something after the @-sign."),
        bad_email("a@b", "The part after the @-sign is not valid. It should have a period."),
        bad_email("a@example.123",
                  "The part after the @-sign is not valid. It is not within a valid top-level "
                  "domain."),
        bad_email(".a@example.org", "An email address cannot start with a period."),
        bad_email("a.@example.org",
                  "An email address cannot have a period immediately before the @-sign."),
        bad_email("a..b@example.org", "An email address cannot have two periods in a row."),
        bad_email("a@.example.org",
                  "An email address cannot have a period immediately after the @-sign."),
        bad_email("a@example.org.", "An email address cannot end with a period."),
        bad_email("a@example..org", "An email address cannot have two periods in a row."),
        bad_email(std::string(65, 'a') + "@example.org",
                  "The email address is too long before the @-sign (1 character too many)."),
        bad_email("a@" + std::string(65, 'b') + ".org",
                  "After the @-sign, periods cannot be separated by so many characters (2 "
                  "characters too many).")));

class MalformedEmails : public testing::TestWithParam<std::string> {};

TEST_P(MalformedEmails, AreValueErrorsWithTheirReason) {
    const json::value detail =
        json::parse(answer(Form::registration, body_of(registration("ada", GetParam(), kSecret))));
    const json::object& error = detail.at("detail").at(0).as_object();
    EXPECT_EQ(detail.at("detail").as_array().size(), 1U);
    EXPECT_EQ(error.at("type"), "value_error");
    EXPECT_EQ(error.at("loc"), (json::array{"body", "email"}));
    EXPECT_EQ(error.at("input").as_string(), GetParam());
    const json::string& reason = error.at("ctx").at("reason").as_string();
    EXPECT_EQ(error.at("msg").as_string(),
              "value is not a valid email address: " + std::string(reason));
    EXPECT_EQ(check_email(GetParam()), std::string(error.at("msg").as_string()));
}

INSTANTIATE_TEST_SUITE_P(All, MalformedEmails,
                         testing::Values("a b@example.org", "a@b@example.org",
                                         "\xc3\xa4@example.org", "\"a b\"@example.org",
                                         "a,b@example.org", "a@exa_mple.org", "a@\xc3\xa4.org",
                                         std::string("a@exa\0mple.org", 14), "a\n@example.org",
                                         "a@example.org\n", " a@example.org", "<a@example.org>",
                                         "a@-example.org", "a@example-.org", "a@[127.0.0.1]",
                                         "a@127.0.0.1", "@", "@@", "a@@example.org"));

Bad bad_password(Form form, const std::string& password, const std::string& type,
                 const std::string& msg, const json::object& ctx) {
    return {form,
            form == Form::login
                ? json::serialize(json::object{{"username", "ada"}, {"password", password}})
                : registration("ada", "ada@example.org", password),
            json::serialize(json::array{json::object{{"type", type},
                                                     {"loc", {"body", "password"}},
                                                     {"msg", msg},
                                                     {"input", "**********"},
                                                     {"ctx", ctx}}})};
}

INSTANTIATE_TEST_SUITE_P(
    Passwords, BadBodies,
    testing::Values(
        bad_password(Form::registration, "1234567", "string_too_short",
                     "String should have at least 8 characters", {{"min_length", 8}}),
        bad_password(Form::registration, std::string(1025, 'x'), "string_too_long",
                     "String should have at most 1024 characters", {{"max_length", 1024}}),
        bad_password(Form::registration, kSecret + '\0', "value_error",
                     "Value error, NUL characters are not allowed", {{"error", json::object()}}),
        bad_password(Form::login, std::string(1025, 'x'), "string_too_long",
                     "String should have at most 1024 characters", {{"max_length", 1024}}),
        bad_password(Form::login, std::string(1, '\0'), "value_error",
                     "Value error, NUL characters are not allowed", {{"error", json::object()}})));

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

TEST(Validation, ValuesAtTheirBoundsAreTakenAsTheyAre) {
    for (const std::string& username :
         {std::string("abc"), std::string(64, 'a'), std::string("0.-")})
        for (const std::string& password :
             {std::string("12345678"), std::string("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"),
              std::string("  spaces  "), std::string(1024, 'x')}) {
            auto form =
                parse_register(body_of(registration(username, "Ada@Example.ORG", password)));
            ASSERT_TRUE(form) << username << " " << password;
            EXPECT_EQ(form->username, username);
            EXPECT_EQ(form->email, "Ada@example.org");
            EXPECT_EQ(form->password.reveal(), password);
        }
}

TEST(Validation, EmailsHaveAtMost254Bytes) {
    std::string email = std::string(64, 'a') + "@";
    while (email.size() + 20 < 250)
        email += std::string(15, 'b') + ".";
    email += std::string(254 - email.size() - 4, 'c') + ".org";
    ASSERT_EQ(email.size(), 254U);
    EXPECT_FALSE(check_email(email)) << *check_email(email);
    email.insert(email.find('@') + 1, "b");
    EXPECT_EQ(check_email(email),
              "value is not a valid email address: The email address is too long (1 character too "
              "many).");
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
