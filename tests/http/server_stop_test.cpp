#include "http/server_fixture.hpp"

namespace userd::http {
namespace {

class ServerStop : public ServerFixture {
  protected:
    [[nodiscard]] bool has_ended() {
        return becomes([this] { return server_->connections() == 0; });
    }
};

TEST_F(ServerStop, ClosesIdleConnectionsAndTakesNoMore) {
    start();
    Client idle(port());
    EXPECT_EQ(idle.get("/echo").status, 200U);
    Client unused(port());
    EXPECT_TRUE(becomes([this] { return server_->connections() == 2; }));
    server_->stop();
    EXPECT_TRUE(idle.is_closed());
    EXPECT_TRUE(unused.is_closed());
    EXPECT_TRUE(has_ended());
    EXPECT_TRUE(becomes([this] { return !Client(port()).is_connected(); }));
}

TEST_F(ServerStop, FinishesARunningRequestAndThenCloses) {
    start();
    Client running(port());
    running.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    holder_.await(1);
    server_->stop();
    EXPECT_TRUE(becomes([this] { return !Client(port()).is_connected(); }));
    EXPECT_EQ(server_->connections(), 1U);
    holder_.release();
    const Answer answer = running.read();
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "held");
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_TRUE(running.is_closed());
    EXPECT_TRUE(has_ended());
}

TEST_F(ServerStop, AnswersARequestThatHadBegunToArrive) {
    start();
    Client client(port());
    EXPECT_EQ(client.get("/echo").status, 200U);
    Client other(port());
    other.send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    // The head is read once the server asks for the body.
    EXPECT_EQ(other.read().status, 100U);
    server_->stop();
    EXPECT_TRUE(client.is_closed());
    other.send("body");
    const Answer answer = other.read();
    EXPECT_EQ(answer.body, "/echo|body");
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_TRUE(other.is_closed());
}

TEST_F(ServerStop, OfPipelinedRequestsAnswersTheRunningOneOnly) {
    start();
    Client client(port());
    client.send(
        "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    holder_.await(1);
    server_->stop();
    holder_.release();
    EXPECT_EQ(client.read().headers.at("connection"), "close");
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(count_of("/echo", 200), 0U);
}

TEST_F(ServerStop, UnderLoadAnswersWhollyOrNotAtAll) {
    start();
    std::vector<std::thread> threads;
    std::atomic<int> answered{0};
    std::atomic<int> broken{0};
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, port = port()] {
            for (;;) {
                Client client(port);
                if (!client.is_connected()) return;
                try {
                    for (;;) {
                        const Answer answer = client.get("/echo");
                        (answer.status == 200 && answer.body == "/echo|" ? answered : broken)++;
                    }
                } catch (const std::exception& error) {
                    if (std::string_view(error.what()) != "closed before an answer") ++broken;
                }
            }
        });
    EXPECT_TRUE(becomes([&] { return answered > 200; }));
    server_->stop();
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(broken, 0);
    EXPECT_TRUE(has_ended());
}

TEST_F(ServerStop, TwiceIsOnce) {
    start();
    EXPECT_EQ(Client(port()).get("/echo").status, 200U);
    server_->stop();
    server_->stop();
    EXPECT_TRUE(has_ended());
}

TEST_F(ServerStop, BeforeTheStartIsHarmless) {
    ServerSettings settings;
    settings.port = 0;
    server_.emplace(loops_, Router(), settings);
    server_->stop();
    loops_.start();
    EXPECT_EQ(server_->connections(), 0U);
}

}  // namespace
}  // namespace userd::http
