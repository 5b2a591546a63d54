#include "base/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace userd {
namespace {

TEST(Text, ComparedFormLowersAsciiOnly) {
    EXPECT_EQ(compared_form("Ada.LOVELACE_9-Z"), "ada.lovelace_9-z");
    EXPECT_EQ(compared_form("\xc3\x84@[`{"), "\xc3\x84@[`{");
}

TEST(Text, WellFormedUtf8) {
    for (const std::string_view text : {"", "plain", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                        "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_valid_utf8(text));
}

TEST(Text, MalformedUtf8IsRefused) {
    for (const std::string_view text :
         {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "a\xc3",
          "\xc3("})
        EXPECT_FALSE(is_valid_utf8(text));
}

TEST(Text, Utf8IsLookedAtWholeWhereverItStandsInALongText) {
    for (std::size_t at = 0; at <= 20; ++at) {
        const std::string before(at, 'a');
        for (const std::string after : {"", "a", "abcdefgh", "abcdefghi"}) {
            EXPECT_TRUE(is_valid_utf8(before + "\xe2\x82\xac" + after)) << at << after;
            EXPECT_FALSE(is_valid_utf8(before + "\xe2\x82" + after)) << at << after;
            EXPECT_FALSE(is_valid_utf8(before + "\x80" + after)) << at << after;
        }
    }
}

TEST(Text, CodePointsAreCountedOnce) {
    EXPECT_EQ(count_code_points("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4U);
}

TEST(Hex, IsTwoDigitsForEachByteWhateverItsSign) {
    EXPECT_EQ(hex(""), "");
    EXPECT_EQ(hex(std::string_view("\0\x0f\x7f\x80\xff", 5)), "000f7f80ff");
}

}  // namespace
}  // namespace userd
