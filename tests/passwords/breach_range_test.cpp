#include "passwords/breach_range.hpp"

#include <gtest/gtest.h>

#include <string>

namespace userd {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

// SHA-1 of "password" is 5BAA6 1E4C9B93F3F0682250B6CF8331B7EE68FD8.
constexpr std::string_view kSuffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
const std::string kOther(35, 'A');
const std::string kHit = std::string(kSuffix) + ":3\r\n";

TEST(BreachRange, AKeyIsUpperCaseSha1InTwoParts) {
    const RangeKey key = range_key(Secret("password"sv));
    EXPECT_EQ(key.prefix, "5BAA6");
    EXPECT_EQ(key.suffix.reveal(), kSuffix);
}

TEST(BreachRange, ASuffixIsFoundWhereverItsLineIs) {
    const std::string other = kOther + ":12\r\n";
    for (const std::string& answer : {kHit, kHit + other, other + kHit, other + kHit + other})
        EXPECT_EQ(find_in_range(answer, kSuffix), true) << answer;
    EXPECT_EQ(find_in_range(other + other, kSuffix), false);
    EXPECT_EQ(find_in_range(std::string(kSuffix) + ":1", kSuffix), true) << "no final line end";
    EXPECT_EQ(find_in_range(std::string(kSuffix) + ":1\n", kSuffix), true) << "bare LF";
}

TEST(BreachRange, PaddingIsNoBreach) {
    for (const auto count : {"0"sv, "00"sv})
        EXPECT_EQ(find_in_range(std::string(kSuffix) + ":" + std::string(count), kSuffix), false);
    EXPECT_EQ(find_in_range(std::string(kSuffix) + ":10", kSuffix), true);
}

TEST(BreachRange, AnythingElseIsNoAnswer) {
    const std::string suffix(kSuffix);
    for (const std::string& answer :
         {""s, "\r\n"s, "<html></html>"s, suffix, suffix + ":", suffix + ":x", suffix + ":-1",
          suffix + ":1 ", suffix + " :1", suffix.substr(1) + ":1", "0" + suffix + ":1",
          "g" + suffix.substr(1) + ":1", "1e4c9b93f3f0682250b6cf8331b7ee68fd8:1"s, kHit + "garbage",
          kHit + "\r\n" + kHit, suffix + ":1\0"s, suffix + ":1\r\r\n"})
        EXPECT_EQ(find_in_range(answer, kSuffix), std::nullopt) << answer;
}

}  // namespace
}  // namespace userd
