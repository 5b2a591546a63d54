#include "events/wire_format.hpp"

#include <gtest/gtest.h>

namespace userd {
namespace {

using namespace std::string_literals;

TEST(WireFormat, TheIdHasFourBytesTheHighestFirst) {
    EXPECT_EQ(confluent_prefix(1, {0}), "\0\0\0\0\1\0"s);
    EXPECT_EQ(confluent_prefix(0x01020384, {0}), "\0\x01\x02\x03\x84\0"s);
    EXPECT_EQ(confluent_prefix(0x7FFFFFFF, {0}), "\0\x7F\xFF\xFF\xFF\0"s);
}

// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format
TEST(WireFormat, TheFirstMessageOfAFileIsOneByte) {
    EXPECT_EQ(confluent_prefix(7, {0}).size(), 6U);
}

TEST(WireFormat, OtherMessagesAreTheirCountAndTheirIndexesInZigzag) {
    EXPECT_EQ(confluent_prefix(7, {1}).substr(5), "\x02\x02"s);
    EXPECT_EQ(confluent_prefix(7, {1, 0}).substr(5), "\x04\x02\0"s);
    EXPECT_EQ(confluent_prefix(7, {0, 0}).substr(5), "\x04\0\0"s);
    EXPECT_EQ(confluent_prefix(7, {2, 1, 0}).substr(5), "\x06\x04\x02\0"s);
}

TEST(WireFormat, AnIndexOfSeveralBytesHasTheLowestBitsFirst) {
    EXPECT_EQ(confluent_prefix(7, {63}).substr(5), "\x02\x7E"s);
    EXPECT_EQ(confluent_prefix(7, {64}).substr(5), "\x02\x80\x01"s);
    EXPECT_EQ(confluent_prefix(7, {300}).substr(5), "\x02\xD8\x04"s);
}

TEST(WireFormat, AValueIsReadWithAndWithoutIt) {
    const std::string message =
        "\x1A\x03"
        "ada";
    EXPECT_EQ(without_confluent_prefix(message), message);
    EXPECT_EQ(without_confluent_prefix(confluent_prefix(7, {0}) + message), message);
    EXPECT_EQ(without_confluent_prefix(confluent_prefix(0, {0}) + message), message);
    EXPECT_EQ(without_confluent_prefix(""), "");
}

TEST(WireFormat, HalfAPrefixHasNothingBehindIt) {
    const std::string prefix = confluent_prefix(7, {0});
    for (std::size_t size = 1; size <= prefix.size(); ++size)
        EXPECT_EQ(without_confluent_prefix(prefix.substr(0, size)), "");
}

}  // namespace
}  // namespace userd
