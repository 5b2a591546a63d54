#include "http/head.hpp"

#include <gtest/gtest.h>

namespace userd::http {
namespace {

TEST(Head, ReadsWhatARequestSays) {
    const auto head = parse_head(
        "POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nContent-Type: "
        "application/json\r\n"
        "Authorization:\tBearer t \r\nX-Request-ID: id\r\nConnection: Close\r\n\r\n");
    ASSERT_TRUE(head);
    EXPECT_EQ(head->request.method, Method::post);
    EXPECT_EQ(head->request.path, "/a b");
    EXPECT_EQ(head->request.raw_path, "/a%20b");
    EXPECT_EQ(head->request.query, "x=1");
    EXPECT_EQ(head->request.authorization, "Bearer t");
    EXPECT_EQ(head->content_length, 12U);
    EXPECT_FALSE(head->keep_alive);
}

TEST(Head, KeepAliveDependsOnTheVersion) {
    EXPECT_TRUE(parse_head("GET / HTTP/1.1\r\nHost: h\r\n\r\n")->keep_alive);
    EXPECT_FALSE(parse_head("GET / HTTP/1.0\r\n\r\n")->keep_alive);
    EXPECT_TRUE(parse_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
}

class HostileHeads : public testing::TestWithParam<std::string_view> {};

TEST_P(HostileHeads, AreRefused) {
    EXPECT_FALSE(parse_head(
        std::string("GET / HTTP/1.1\r\nHost: h\r\n").append(GetParam()).append("\r\n\r\n")));
}

INSTANTIATE_TEST_SUITE_P(Fields, HostileHeads,
                         testing::Values("Host: h", "A", "A : b", " A: b", ": b",
                                         "A: b\r\n\tfolded", "A: \x01", "A: \x7f", "A: b\rB: c",
                                         "A: b\nB: c", "Transfer-Encoding: identity",
                                         "Transfer-Encoding: chunked\r\nContent-Length: 1",
                                         "Transfer-Encoding : chunked",
                                         "Content-Length: 1\r\nContent-Length: 1",
                                         "Content-Length: 0x1", "Content-Length: -1",
                                         "Content-Length: 1 "
                                         "1",
                                         "Content-Type: a\r\nContent-Type: b"));

TEST(Head, TraceparentIsTakenOnlyWhenWellFormed) {
    const auto traceparent = [](const std::string& value) {
        return parse_head("GET / HTTP/1.1\r\nHost: h\r\ntraceparent: " + value + "\r\n\r\n")
            ->request.traceparent;
    };
    const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    EXPECT_EQ(traceparent(good), good);
    EXPECT_EQ(traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), "");
    EXPECT_EQ(traceparent("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), "");
    EXPECT_EQ(traceparent(good + "0"), "");
}

}  // namespace
}  // namespace userd::http
