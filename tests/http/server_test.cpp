#include <set>

#include "base/log.hpp"
#include "http/server_fixture.hpp"

namespace userd::http {
namespace {

using testing::HasSubstr;
using testing::Not;

class ServerTest : public ServerFixture {};

std::string post(const std::string& body) {
    return "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

TEST_F(ServerTest, OneConnectionServesManyRequests) {
    start();
    Client client(port());
    for (int i = 0; i < 50; ++i) {
        client.send(post(std::to_string(i)));
        const Answer answer = client.read();
        EXPECT_EQ(answer.status, 200U);
        EXPECT_EQ(answer.body, "/echo|" + std::to_string(i));
        EXPECT_EQ(answer.headers.at("connection"), "keep-alive");
    }
    EXPECT_EQ(server_->connections(), 1U);
    EXPECT_EQ(count_of("/echo", 200), 50U);
}

TEST_F(ServerTest, ConnectionIsClosedWhenAsked) {
    start();
    for (const char* const request : {"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                                      "GET /echo HTTP/1.0\r\n\r\n"}) {
        Client client(port());
        client.send(request);
        EXPECT_EQ(client.read().headers.at("connection"), "close");
        EXPECT_TRUE(client.is_closed());
    }
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrderHoweverLongTheFirstTakes) {
    start();
    Client client(port());
    std::string requests = "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int i = 0; i < 100; ++i)
        requests += post(std::to_string(i));
    client.send(requests + "GET /no HTTP/1.1\r\nHost: x\r\n\r\n");
    holder_.await(1);
    EXPECT_EQ(count_of("/echo", 200), 0U);
    holder_.release();
    EXPECT_EQ(client.read().body, "held");
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(client.read().body, "/echo|" + std::to_string(i));
    EXPECT_EQ(client.read().status, 404U);
}

TEST_F(ServerTest, ARequestIsTheSameHoweverItIsCut) {
    start();
    const std::string request =
        post("a body") +
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 50U}) {
        Client client(port());
        for (std::size_t at = 0; at < request.size(); at += piece)
            client.send(std::string_view(request).substr(at, piece));
        EXPECT_EQ(client.read().body, "/echo|a body") << piece;
        EXPECT_EQ(client.read().body, "/echo|abcde") << piece;
    }
}

TEST_F(ServerTest, EveryAnswerHasItsHeaders) {
    start();
    Client client(port());
    testing::internal::CaptureStderr();
    for (const char* const path : {"/echo", "/no", "/fail", "/echo/"}) {
        const Answer answer = client.get(path, "X-Request-ID: my-id\r\n");
        EXPECT_EQ(answer.headers.at("x-request-id"), "my-id") << path;
        EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff") << path;
        EXPECT_EQ(answer.headers.at("date").size(), 29U) << path;
        EXPECT_EQ(answer.headers.count("content-type"), answer.status == 307 ? 0U : 1U) << path;
    }
    testing::internal::GetCapturedStderr();
    std::set<std::string> made;
    for (const char* const bad : {"", "a b", "a\tb", "\xc3\xa4", "a;b"})
        made.insert(client.get("/echo", std::string("X-Request-ID: ") + bad + "\r\n")
                        .headers.at("x-request-id"));
    EXPECT_EQ(made.size(), 5U);
}

TEST_F(ServerTest, ConnectionsAreDealtOutOverTheLoops) {
    start();
    std::map<std::string, int> connections;
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < 4 * kLoops; ++i) {
        clients.push_back(std::make_unique<Client>(port()));
        const std::string first = clients.back()->get("/loop").body;
        ++connections[first];
        // It stays where it is.
        EXPECT_EQ(clients.back()->get("/loop").body, first);
    }
    EXPECT_THAT(connections, testing::ElementsAre(testing::Pair("0", 4), testing::Pair("1", 4),
                                                  testing::Pair("2", 4)));
}

TEST_F(ServerTest, AHandlerThatThrowsIsA500WithoutAReasonAndOneLineInTheLog) {
    start();
    Client client(port());
    testing::internal::CaptureStderr();
    const Answer answer = client.get("/fail", "X-Request-ID: the-id\r\n");
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(answer.status, 500U);
    EXPECT_EQ(answer.body, R"({"detail":"Internal Server Error"})");
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
    EXPECT_THAT(log, HasSubstr("private reason"));
    EXPECT_THAT(log, HasSubstr("the-id"));
    // The connection and the server go on.
    EXPECT_EQ(client.get("/echo").status, 200U);
    EXPECT_EQ(count_of("/fail", 500), 1U);
}

TEST_F(ServerTest, AHandlerThatThrowsLateIsA500Too) {
    start();
    Client client(port());
    client.send("GET /fail-late HTTP/1.1\r\nHost: x\r\n\r\n");
    holder_.await(1);
    testing::internal::CaptureStderr();
    holder_.release();
    EXPECT_EQ(client.read().status, 500U);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("late reason"));
    EXPECT_EQ(client.get("/echo").status, 200U);
}

TEST_F(ServerTest, AStoreThatIsAwayIsA503AndNoError) {
    start();
    Client client(port());
    testing::internal::CaptureStderr();
    const Answer answer = client.get("/away");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(answer.status, 503U);
    EXPECT_EQ(answer.headers.at("retry-after"), "1");
    EXPECT_EQ(answer.body, R"({"detail":"Service busy, try again"})");
    EXPECT_EQ(client.get("/echo").status, 200U);
}

TEST_F(ServerTest, AClientThatGoesTakesItsConnectionWithIt) {
    start();
    {
        Client idle(port());
        idle.get("/echo");
        Client within_head(port());
        within_head.send("GET /echo HTTP/1.1\r\nHo");
        Client within_body(port());
        within_body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab");
        Client within_request(port());
        within_request.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
        holder_.await(1);
        EXPECT_TRUE(becomes([this] { return server_->connections() == 4; }));
    }
    holder_.release();
    EXPECT_TRUE(becomes([this] { return server_->connections() == 0; }));
    EXPECT_EQ(Client(port()).get("/echo").status, 200U);
}

TEST_F(ServerTest, AHalfClosedClientStillGetsItsAnswer) {
    start();
    Client client(port());
    client.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    client.shut();
    holder_.await(1);
    holder_.release();
    EXPECT_EQ(client.read().body, "held");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(ServerTest, AnAddressInUseIsOneClearLine) {
    start();
    ServerSettings settings;
    settings.port = port();
    try {
        const Server second(loops_, Router(), settings);
        ADD_FAILURE() << "two servers on one address";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(port())));
        EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    }
}

}  // namespace
}  // namespace userd::http
