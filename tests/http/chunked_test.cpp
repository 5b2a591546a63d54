#include "http/chunked.hpp"

#include <gtest/gtest.h>

namespace userd::http {
namespace {

using State = ChunkedBody::State;

/// Feeds `bytes` in pieces of `piece`, as a network would cut them.
std::pair<State, std::string> decode(std::string_view bytes, std::size_t piece) {
    ChunkedBody body(100);
    std::string waiting;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        waiting.append(bytes.substr(at, piece));
        std::string_view view = waiting;
        const State state = body.feed(view);
        waiting.erase(0, waiting.size() - view.size());
        if (state != State::more) return {state, body.body() + "|" + waiting};
    }
    return {State::more, body.body()};
}

TEST(Chunked, IsTheSameHoweverItIsCut) {
    const std::string_view bytes = "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
        EXPECT_EQ(decode(bytes, piece), std::pair(State::done, std::string("hello world|")))
            << piece;
}

TEST(Chunked, LeavesTheNextRequest) {
    EXPECT_EQ(decode("1\r\na\r\n0\r\n\r\nGET /", 100).second, "a|GET /");
}

TEST(Chunked, MalformedIsRefused) {
    for (const std::string_view bytes : {"x\r\n", "-1\r\n", "0x1\r\n", " 1\r\n", "1 \r\n",
                                         "1\r\nab\r\n", "ffffffffffffffffff\r\n"})
        for (const std::size_t piece : {1U, 100U})
            EXPECT_EQ(decode(bytes, piece).first, State::malformed) << bytes;
}

TEST(Chunked, TheSumOfAllChunksIsLimited) {
    EXPECT_EQ(decode("65\r\n", 100).first, State::too_large);
    EXPECT_EQ(decode("32\r\n" + std::string(50, 'a') + "\r\n33\r\n", 100).first, State::too_large);
}

TEST(Chunked, LinesHaveTheSameLimitHoweverTheyAreCut) {
    const std::string longest(1024, 'x');
    const std::string size = "0;" + longest.substr(2);
    for (const std::size_t piece : {1U, 2U, 1025U, 5000U}) {
        EXPECT_EQ(decode(size + "\r\n\r\n", piece).first, State::done) << piece;
        EXPECT_EQ(decode(size + "x\r\n\r\n", piece).first, State::malformed) << piece;
        EXPECT_EQ(decode("0\r\n" + longest + "\r\n\r\n", piece).first, State::done) << piece;
        EXPECT_EQ(decode("0\r\n" + longest + "x\r\n\r\n", piece).first, State::malformed) << piece;
    }
}

TEST(Chunked, LinesHoldNoBareLineEnds) {
    using namespace std::string_literals;
    for (const std::string& line : {"a\nb"s, "a\rb"s, "a\0b"s})
        for (const std::size_t piece : {1U, 100U}) {
            EXPECT_EQ(decode("1;" + line + "\r\n", piece).first, State::malformed);
            EXPECT_EQ(decode("0\r\n" + line + "\r\n\r\n", piece).first, State::malformed);
        }
}

TEST(Chunked, EndlessLinesAreRefused) {
    EXPECT_EQ(decode("1;" + std::string(5000, 'x'), 100).first, State::malformed);
    EXPECT_EQ(decode("0\r\n" + std::string(5000, 'x'), 100).first, State::malformed);
}

}  // namespace
}  // namespace userd::http
