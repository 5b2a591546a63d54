#include "http/json_body.hpp"

#include <gtest/gtest.h>

namespace userd::http {
namespace {

std::string message(std::string_view text) {
    const auto parsed = parse_json(text);
    const auto* error = std::get_if<JsonError>(&parsed);
    return error == nullptr ? "" : error->message + "@" + std::to_string(error->position);
}

TEST(JsonBody, GoodTextsAreTaken) {
    for (const std::string_view text : {"{}", "[]", " 1 ", "\"a\"", "null",
                                        R"({"a":[1,2.5,-3e2,true,{"b":"\u00e4\ud83d\ude00"}]})"})
        EXPECT_EQ(message(text), "") << text;
}

TEST(JsonBody, PythonsWordsAndPositions) {
    EXPECT_EQ(message("{"), "Expecting property name enclosed in double quotes@1");
    EXPECT_EQ(message("[1,]"), "Expecting value@3");
    EXPECT_EQ(message("{\"a\":1,}"), "Expecting property name enclosed in double quotes@7");
    EXPECT_EQ(message("[1 2]"), "Expecting ',' delimiter@3");
    EXPECT_EQ(message("\"\\x\""), "Invalid \\escape@1");
    EXPECT_EQ(message("\"a\nb\""), "Invalid control character at@2");
    EXPECT_EQ(message("1 2"), "Extra data@2");
    EXPECT_EQ(message("{\"\xc3\xa4\" 1}"), "Expecting ':' delimiter@5");
}

TEST(JsonBody, DuplicatesAreFoundThroughEscapesAndAtAnyDepth) {
    EXPECT_NE(message(R"({"a":1,"a":2})").find("Duplicate key"), std::string::npos);
    EXPECT_NE(message(R"({"a":1,"\u0061":2})").find("Duplicate key"), std::string::npos);
    EXPECT_NE(message(R"([{"x":{"a":1,"a":2}}])").find("Duplicate key"), std::string::npos);
    EXPECT_EQ(message(R"([{"a":1},{"a":2}])"), "");
}

TEST(JsonBody, NumbersThatADoubleCannotHoldAreRefused) {
    for (const std::string_view text : {"1e400", "[-1e400]", R"({"a":1e99999})"})
        EXPECT_NE(message(text).find("out of range"), std::string::npos) << text;
    EXPECT_EQ(message("[1.7976931348623157e308, 1e-400]"), "");
}

TEST(JsonBody, DepthEndsAt32) {
    EXPECT_EQ(message(std::string(32, '[') + std::string(32, ']')), "");
    EXPECT_NE(message(std::string(33, '[') + std::string(33, ']')), "");
}

TEST(JsonBody, DepthEndsAt32AlsoBehindWhatOnlyPythonTakes) {
    for (const std::string start : {"[NaN,", "[\"\\ud800\",", "[1e999,", "[Infinity,"})
        EXPECT_NE(message(start + std::string(65000, '[')).find("Nesting too deep"),
                  std::string::npos);
    std::string objects = "{\"a\":NaN,\"b\":";
    for (int i = 0; i < 10000; ++i)
        objects += "{\"a\":";
    EXPECT_NE(message(objects).find("Nesting too deep"), std::string::npos);
}

TEST(JsonBody, NumbersAreTheNearestDoubleOrRefused) {
    const auto number = [](std::string_view text) {
        return std::get<boost::json::value>(parse_json(text)).as_double();
    };
    EXPECT_EQ(number("0.30000000000000004"), 0.30000000000000004);
    EXPECT_EQ(number("1.7976931348623157e308"), 1.7976931348623157e308);
    EXPECT_EQ(number("5e-324"), 5e-324);
    EXPECT_EQ(number("123456789.123456789"), 123456789.123456789);
    EXPECT_EQ(number("100000000000000000000000"), 1e23);
    for (const std::string_view text : {"1e400", "-1e400", "1.8e308"})
        EXPECT_NE(message(text), "") << text;
}

TEST(JsonBody, AnEscapeAtTheVeryEndIsPythonsBrokenEscape) {
    EXPECT_EQ(message("\"\\u1234"), "Invalid \\uXXXX escape@2");
    EXPECT_EQ(message("\"\\u1234x"), "Unterminated string starting at@0");
}

TEST(JsonBody, SurrogatesAndUtf8AreChecked) {
    for (const std::string_view text :
         {R"("\ud800")", R"("\udc00")", R"("\udc00\ud800")", R"("\ud800\u0041")", "\"\xff\"",
          "\"\xc0\xaf\"", "\xef\xbb\xbf{}", "NaN", "-Infinity"})
        EXPECT_NE(message(text), "") << text;
}

}  // namespace
}  // namespace userd::http
