#include "http/form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace userd::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;
using testing::SizeIs;

TEST(FormBodies, PairsAreDecoded) {
    EXPECT_THAT(parse_form("username=ada&password=a%26b%3Dc+d%2B%25"),
                Optional(ElementsAre(Pair("password", "a&b=c d+%"), Pair("username", "ada"))));
    EXPECT_THAT(parse_form("%75sername=%c3%A4"),
                Optional(ElementsAre(Pair("username", "\xc3\xa4"))));
    EXPECT_THAT(parse_form("a=b=c"), Optional(ElementsAre(Pair("a", "b=c"))));
    EXPECT_THAT(parse_form("a=%00"), Optional(ElementsAre(Pair("a", std::string(1, '\0')))));
}

TEST(FormBodies, EmptyPartsAreNoNames) {
    EXPECT_THAT(parse_form(""), Optional(IsEmpty()));
    EXPECT_THAT(parse_form("&&"), Optional(IsEmpty()));
    EXPECT_THAT(parse_form("&a=1&"), Optional(ElementsAre(Pair("a", "1"))));
    EXPECT_THAT(parse_form("a"), Optional(ElementsAre(Pair("a", ""))));
    EXPECT_THAT(parse_form("a="), Optional(ElementsAre(Pair("a", ""))));
    EXPECT_THAT(parse_form("=a"), Optional(ElementsAre(Pair("", "a"))));
}

class MalformedFormBodies : public testing::TestWithParam<const char*> {};

TEST_P(MalformedFormBodies, AreRefused) {
    EXPECT_FALSE(parse_form(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, MalformedFormBodies,
                         testing::Values("a=1&a=2", "a=1&%61=2", "a&a", "a=\xff", "a=%ff", "%ff=a",
                                         "a=%c0%af", "a=%ed%a0%80", "a=%c3&b=%a4"));

TEST(FormBodies, HasAtMost32Names) {
    std::string body;
    for (int i = 0; i < 32; ++i)
        body += "n" + std::to_string(i) + "=v&";
    EXPECT_THAT(parse_form(body), Optional(SizeIs(32)));
    EXPECT_FALSE(parse_form(body + "one=more"));
}

}  // namespace
}  // namespace userd::http
