#include "http/form.hpp"

#include <gtest/gtest.h>

namespace userd::http {
namespace {

using Values = std::map<std::string, std::string>;

TEST(Form, PairsAreDecoded) {
    EXPECT_EQ(parse_form("a=1&b=%C3%A4+%2B&&c&=d"),
              (Values{{"a", "1"}, {"b", "\xc3\xa4 +"}, {"c", ""}, {"", "d"}}));
    EXPECT_EQ(parse_form(""), Values{});
}

TEST(Form, APercentSignThatEncodesNothingStandsForItself) {
    EXPECT_EQ(parse_form("a=100%&b=%&c=%4&d=%zz&e=%%41"),
              (Values{{"a", "100%"}, {"b", "%"}, {"c", "%4"}, {"d", "%zz"}, {"e", "%A"}}));
}

TEST(Form, RepeatedNamesOtherEncodingsAndTooManyNamesAreRefused) {
    EXPECT_EQ(parse_form("a=1&a=2"), std::nullopt);
    EXPECT_EQ(parse_form("a=1&%61=1"), std::nullopt);
    EXPECT_EQ(parse_form("a=%FF"), std::nullopt);
    std::string many;
    for (int i = 0; i < 33; ++i)
        many += std::to_string(i) + "&";
    EXPECT_EQ(parse_form(many), std::nullopt);
}

}  // namespace
}  // namespace userd::http
