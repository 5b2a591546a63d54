#include "http/read_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace userd::http {
namespace {

void put(ReadBuffer& buffer, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::span<char> room = buffer.prepare();
        const std::size_t count = std::min(room.size(), bytes.size());
        std::copy_n(bytes.begin(), count, room.begin());
        buffer.commit(count);
        bytes.remove_prefix(count);
    }
}

TEST(ReadBuffer, BytesComeOutAsTheyWentIn) {
    ReadBuffer buffer;
    std::string sent;
    std::string used;
    // More comes than is used at first, then the rest is used in odd pieces.
    for (std::size_t i = 0; i < 300; ++i) {
        const std::string part(i * 7 % 501, static_cast<char>('a' + i % 26));
        sent += part;
        put(buffer, part);
        const std::size_t count = std::min(buffer.size(), i * 5 % 503);
        used += buffer.bytes().substr(0, count);
        buffer.consume(count);
        EXPECT_EQ(buffer.size(), sent.size() - used.size());
    }
    used += buffer.bytes();
    EXPECT_EQ(used, sent);
}

TEST(ReadBuffer, AnEmptyOneIsSmallEvenAfterALargeBody) {
    ReadBuffer buffer;
    EXPECT_LE(buffer.prepare().size(), 2048U);
    put(buffer, std::string(200'000, 'x'));
    buffer.consume(200'000);
    EXPECT_LE(buffer.prepare().size(), 2048U);
}

TEST(ReadBuffer, ALongBodyIsReadInLargePieces) {
    ReadBuffer buffer;
    put(buffer, std::string(2048, 'x'));
    EXPECT_GE(buffer.prepare().size(), 16'384U);
}

TEST(ReadBuffer, BytesThatComeOneByOneAreSeldomMoved) {
    ReadBuffer buffer;
    int moves = 0;
    for (std::size_t i = 0; i < 65'536; ++i) {
        const char* place = buffer.bytes().data();
        put(buffer, "x");
        moves += buffer.bytes().data() == place ? 0 : 1;
        ASSERT_GE(buffer.prepare().size(), 1U);
    }
    EXPECT_LT(moves, 10);
    EXPECT_EQ(buffer.bytes(), std::string(65'536, 'x'));
}

TEST(ReadBuffer, WhatWasUsedIsWiped) {
    ReadBuffer buffer;
    put(buffer, "password=secret&more");
    const char* place = buffer.bytes().data();
    buffer.consume(15);
    EXPECT_EQ(std::string(place, 15), std::string(15, '\0'));
    EXPECT_EQ(buffer.bytes(), "&more");
}

}  // namespace
}  // namespace userd::http
