#include "app/setting_parsers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace userd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What `parse("NAME", text)` is refused with, or nothing.
template <class Parse>
std::string refusal(const Parse& parse, const std::string& text) {
    try {
        (void)parse("NAME", text);
    } catch (const SettingError& error) {
        EXPECT_THAT(error.what(), StartsWith("NAME: "));
        EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
        return error.what();
    }
    return {};
}

template <class Parse>
void expect_refused(const Parse& parse, std::initializer_list<std::string> texts) {
    for (const std::string& text : texts)
        EXPECT_NE(refusal(parse, text), "") << text;
}

TEST(SettingParsers, SwitchesHaveFourSpellingsInAnyCase) {
    for (const char* const yes : {"on", "true", "yes", "1", "ON", "True"})
        EXPECT_TRUE(parse::on_off("NAME", yes)) << yes;
    for (const char* const no : {"off", "false", "no", "0", "OFF", "False"})
        EXPECT_FALSE(parse::on_off("NAME", no)) << no;
    expect_refused(parse::on_off, {"", "2", "o", "onn", " on", "disabled"});
}

TEST(SettingParsers, EndpointsAreAnAddressAndAPort) {
    const auto text_of = [](const std::string& text) {
        const Endpoint endpoint = parse::endpoint("NAME", text);
        return endpoint.address + "|" + std::to_string(endpoint.port);
    };
    EXPECT_EQ(text_of("127.0.0.1:8000"), "127.0.0.1|8000");
    EXPECT_EQ(text_of("0.0.0.0:65535"), "0.0.0.0|65535");
    EXPECT_EQ(text_of("127.0.0.1:0"), "127.0.0.1|0");
    EXPECT_EQ(text_of("localhost:80"), "127.0.0.1|80");
    EXPECT_EQ(text_of("[::1]:8000"), "::1|8000");
    EXPECT_EQ(text_of("[::]:8000"), "::|8000");
    expect_refused(parse::endpoint, {"",
                                     ":",
                                     "8000",
                                     ":8000",
                                     "127.0.0.1",
                                     "127.0.0.1:",
                                     "127.0.0.1:65536",
                                     "127.0.0.1:-1",
                                     "127.0.0.1:80x",
                                     "127.0.0.1: 80",
                                     "::1:8000",
                                     "[::1]",
                                     "[]:80",
                                     "[::1:8000",
                                     "::1]:8000",
                                     "256.0.0.1:80",
                                     "1.2.3:80",
                                     "example.org:80",
                                     "http://127.0.0.1:80",
                                     "127.0.0.1:80/"});
}

TEST(SettingParsers, TopicsAreKafkas) {
    for (const std::string& good : {std::string("user-events"), std::string("a.b_c-D9"),
                                    std::string("..."), std::string(249, 't')})
        EXPECT_EQ(parse::topic("NAME", good), good);
    expect_refused(parse::topic, {"", ".", "..", "a b", "a/b", "a,b", "\xc3\xa4",
                                  std::string("a\0", 2), std::string(250, 't')});
}

TEST(SettingParsers, OriginsAreSchemeHostAndPort) {
    EXPECT_THAT(parse::origins("NAME", "https://shop.example"),
                ElementsAre("https://shop.example"));
    EXPECT_THAT(parse::origins("NAME", "HTTPS://Shop.Example, http://localhost:3000"),
                ElementsAre("https://shop.example", "http://localhost:3000"));
    expect_refused(parse::origins,
                   {"", "*", "null", "shop.example", "https://", "https://shop.example/",
                    "https://shop.example/a", "https://*.shop.example", "ftp://shop.example",
                    "https://a@shop.example", "https://shop.example:", "https://shop.example:0",
                    "https://shop.example:65536", "https://shop.example:8x", "https://a.example,",
                    ",https://a.example", "https://a.example,,https://b.example",
                    "https://a.example https://b.example", "https://a.example\r\nX: y"});
}

TEST(SettingParsers, AlgorithmsLevelsAndFormatsAreNamed) {
    EXPECT_EQ(parse::algorithm("NAME", "ES256"), Algorithm::es256);
    EXPECT_EQ(parse::algorithm("NAME", "EdDSA"), Algorithm::eddsa);
    EXPECT_EQ(parse::algorithm("NAME", "RS256"), Algorithm::rs256);
    EXPECT_EQ(parse::algorithm("NAME", "HS256"), Algorithm::hs256);
    expect_refused(parse::algorithm, {"", "none", "es256", "HS512", "PS256", "ES256 "});
    EXPECT_EQ(parse::level("NAME", "WARN"), log::Level::warning);
    EXPECT_EQ(parse::level("NAME", "trace"), log::Level::trace);
    expect_refused(parse::level, {"", "loud", "fatal", "0"});
    EXPECT_EQ(parse::format("NAME", "JSON"), log::Format::json);
    EXPECT_EQ(parse::format("NAME", "text"), log::Format::text);
    expect_refused(parse::format, {"", "xml", "logfmt"});
}

TEST(SettingParsers, KeysOf32RandomBytesAreTaken) {
    // As `openssl rand -hex 16`, `-base64 48` and a password manager make them.
    for (const std::string& good : {std::string("3f9c1b7ae2d84056b1c7f09e5a3d2864"),
                                    std::string("Zk3vQ8pX1mTt0bRr7wYc5nLs9dFgHj2K4uEiOaVxWzAqSeDf"),
                                    std::string("x7!Kq#9vL@2mZ$5tW%8rB^3nP&6cJ*1d")})
        EXPECT_EQ(parse::key("NAME", good).reveal(), good);
}

}  // namespace
}  // namespace userd
