#include "http/bad_bodies.hpp"

namespace userd::http {
namespace {

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

INSTANTIATE_TEST_SUITE_P(
    CommonPasswords, BadBodies,
    testing::Values(bad_password(Form::registration, "password1", "value_error",
                                 "Value error, this password is among the most common ones; "
                                 "choose another",
                                 {{"error", json::object()}}),
                    bad_password(Form::registration, "PassWord1", "value_error",
                                 "Value error, this password is among the most common ones; "
                                 "choose another",
                                 {{"error", json::object()}})));

TEST(RegistrationValues, TheLeastLengthIsThePolicys) {
    const Request request = body_of(registration("ada", "ada@example.org", "q7!mZ0p-abc"));
    EXPECT_TRUE(parse_register(request, PasswordPolicy{11}));
    const json::value detail =
        json::parse(answer_of(parse_register(request, PasswordPolicy{12}).errors())).at("detail");
    EXPECT_EQ(detail.at(0).at("msg"), "String should have at least 12 characters");
    EXPECT_EQ(detail.at(0).at("ctx").at("min_length"), 12);
    EXPECT_EQ(check_password("q7!mZ0p-abc", PasswordPolicy{11}), std::nullopt);
    EXPECT_EQ(check_password("q7!mZ0p-abc", PasswordPolicy{12}),
              "String should have at least 12 characters");
}

TEST(RegistrationValues, ValuesAtTheirBoundsAreTakenAsTheyAre) {
    for (const std::string& username :
         {std::string("abc"), std::string(64, 'a'), std::string("0.-")})
        for (const std::string& password :
             {std::string("1234567x"), std::string("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"),
              std::string("  spaces  "), std::string(1024, 'x')}) {
            auto form = parse_register(body_of(registration(username, "Ada@Example.ORG", password)),
                                       PasswordPolicy());
            ASSERT_TRUE(form) << username << " " << password;
            EXPECT_EQ(form->username, username);
            EXPECT_EQ(form->email, "Ada@example.org");
            EXPECT_EQ(form->password.reveal(), password);
        }
}

TEST(RegistrationValues, EmailsHaveAtMost254Bytes) {
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

}  // namespace
}  // namespace userd::http
