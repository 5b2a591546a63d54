#include "http/server_fixture.hpp"

namespace userd::http {
namespace {

using namespace std::chrono_literals;

class ServerLimits : public ServerFixture {
  protected:
    /// Short where the test waits for it, long everywhere else.
    static ServerSettings patient() {
        ServerSettings settings;
        settings.header_timeout = settings.body_timeout = settings.write_timeout =
            settings.idle_timeout = 1h;
        return settings;
    }
    static void expect_end(Client& client, unsigned status, const char* detail) {
        const Answer answer = client.read();
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.body, std::string(R"({"detail":")") + detail + R"("})");
        EXPECT_EQ(answer.headers.at("connection"), "close");
        EXPECT_EQ(answer.headers.count("x-request-id"), 1U);
        EXPECT_TRUE(client.is_closed());
    }
    static std::string head_of(std::size_t size) {
        std::string head = "GET /echo HTTP/1.1\r\nHost: x\r\nA: ";
        return head + std::string(size - head.size() - 4, 'a') + "\r\n\r\n";
    }
    static std::string body_of(std::size_t size) {
        return "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
               "\r\n\r\n" + std::string(size, 'b');
    }
};

TEST_F(ServerLimits, AHeadThatDoesNotEndInTimeIs408) {
    ServerSettings settings = patient();
    settings.header_timeout = 60ms;
    start(settings);
    Client client(port());
    EXPECT_EQ(client.get("/echo").status, 200U);
    client.send("GET /echo HTTP/1.1\r\nHo");
    expect_end(client, 408, "Request timeout");
}

TEST_F(ServerLimits, AHeadThatTricklesIs408) {
    ServerSettings settings = patient();
    settings.header_timeout = 60ms;
    start(settings);
    Client client(port());
    client.send("GET /echo HTTP/1.1\r\n");
    // Each byte comes well in time, and there is always another.
    std::thread trickle([&client] {
        while (client.send("a: b\r\n"))
            std::this_thread::sleep_for(2ms);
    });
    EXPECT_TRUE(becomes([this] { return count_of("other", 408) == 1; }));
    EXPECT_TRUE(becomes([this] { return server_->connections() == 0; }));
    trickle.join();
}

TEST_F(ServerLimits, ABodyThatDoesNotEndInTimeIs408) {
    ServerSettings settings = patient();
    settings.body_timeout = 60ms;
    start(settings);
    for (const char* const framing :
         {"Content-Length: 10\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
        Client client(port());
        client.send(std::string("POST /echo HTTP/1.1\r\nHost: x\r\n") + framing);
        expect_end(client, 408, "Request timeout");
    }
}

TEST_F(ServerLimits, AnIdleConnectionIsClosedWithoutAWord) {
    ServerSettings settings = patient();
    settings.idle_timeout = 60ms;
    start(settings);
    Client fresh(port());
    EXPECT_TRUE(fresh.is_closed());
    Client used(port());
    EXPECT_EQ(used.get("/echo").status, 200U);
    EXPECT_TRUE(used.is_closed());
}

TEST_F(ServerLimits, ARunningRequestHasNoneOfTheseLimits) {
    ServerSettings settings = patient();
    settings.header_timeout = settings.body_timeout = settings.idle_timeout = 60ms;
    start(settings);
    Client running(port());
    running.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    holder_.await(1);
    // Two connections after each other run out of time meanwhile.
    for (int i = 0; i < 2; ++i) {
        Client idle(port());
        EXPECT_TRUE(idle.is_closed());
    }
    holder_.release();
    EXPECT_EQ(running.read().body, "held");
}

TEST_F(ServerLimits, AClientThatDoesNotReadIsCutOff) {
    ServerSettings settings = patient();
    settings.write_timeout = 60ms;
    start(settings);
    Client client(port());
    client.send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(becomes([this] { return count_of("/huge", 200) == 1; }));
    EXPECT_TRUE(becomes([this] { return server_->connections() == 0; }));
}

TEST_F(ServerLimits, HeadsOfTheLimitAreTakenAndLongerOnesAre431) {
    ServerSettings settings = patient();
    settings.max_header = 1000;
    start(settings);
    Client good(port());
    good.send(head_of(1000));
    EXPECT_EQ(good.read().status, 200U);
    good.send(head_of(1001));
    expect_end(good, 431, "Request header too large");
    Client endless(port());
    endless.send("GET /echo HTTP/1.1\r\nA: " + std::string(100'000, 'a'));
    expect_end(endless, 431, "Request header too large");
}

TEST_F(ServerLimits, BodiesOfTheLimitAreTakenAndLongerOnesAre413) {
    ServerSettings settings = patient();
    settings.max_body = 1000;
    start(settings);
    Client good(port());
    good.send(body_of(1000));
    EXPECT_EQ(good.read().status, 200U);
    good.send(body_of(1001));
    expect_end(good, 413, "Request body too large");
    Client early(port());
    early.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n");
    expect_end(early, 413, "Request body too large");
    Client chunked(port());
    chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n");
    expect_end(chunked, 413, "Request body too large");
}

TEST_F(ServerLimits, WhatFollowsAMalformedRequestIsNeverServed) {
    start(patient());
    for (const char* const bad : {"GET /echo HTTP/1.1\r\n\r\n",
                                  "GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                  "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                                  "chunked\r\n\r\nzz\r\n"}) {
        Client client(port());
        client.send(std::string(bad) + "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_end(client, 400, "Bad Request");
    }
    EXPECT_EQ(count_of("/echo", 200), 0U);
}

TEST_F(ServerLimits, ConnectionsBeyondTheMostGet503AndAreClosed) {
    ServerSettings settings = patient();
    settings.max_connections = 2;
    start(settings);
    auto first = std::make_unique<Client>(port());
    Client second(port());
    EXPECT_EQ(first->get("/echo").status, 200U);
    EXPECT_EQ(second.get("/echo").status, 200U);
    for (int i = 0; i < 3; ++i) {
        Client third(port());
        const Answer answer = i == 0 ? third.read() : third.get("/echo");
        EXPECT_EQ(answer.status, 503U);
        EXPECT_EQ(answer.body, R"({"detail":"Service busy, try again"})");
        EXPECT_EQ(answer.headers.at("retry-after"), "1");
        EXPECT_EQ(answer.headers.at("connection"), "close");
        EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
        EXPECT_EQ(answer.headers.count("x-request-id"), 1U);
        EXPECT_TRUE(third.is_closed());
    }
    EXPECT_EQ(server_->refused(), 3U);
    EXPECT_EQ(server_->connections(), 2U);
    EXPECT_EQ(second.get("/echo").status, 200U);
    first.reset();
    EXPECT_TRUE(becomes([this] { return server_->connections() == 1; }));
    EXPECT_EQ(Client(port()).get("/echo").status, 200U);
}

}  // namespace
}  // namespace userd::http
