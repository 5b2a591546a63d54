#include "http/tls.hpp"

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl.hpp>
#include <fstream>
#include <future>

#include "base/log.hpp"
#include "http/server.hpp"
#include "support/self_signed.hpp"
#include "support/temporary_folder.hpp"

namespace userd::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using namespace std::literals;

constexpr std::size_t kLarge = 8 * 1024 * 1024;
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

Task<Response> answer_small(const Request& /*request*/) {
    Response response;
    response.body = "{}";
    co_return response;
}

Task<Response> answer_large(const Request& /*request*/) {
    Response response;
    response.body = std::string(kLarge, 'x');
    co_return response;
}

bool happens(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

/// A blocking client.
class Client {
  public:
    explicit Client(std::uint16_t port, int version = TLS1_3_VERSION) {
        SSL_set_max_proto_version(native(), version);
        stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
        stream_.handshake(asio::ssl::stream_base::client);
    }

    /// The answer's head, or the reason why there is none.
    std::string get() {
        boost::system::error_code error;
        asio::write(stream_, asio::buffer(kGet), error);
        std::string answer;
        if (!error) asio::read_until(stream_, asio::dynamic_buffer(answer), "\r\n\r\n", error);
        return error ? error.message() : answer;
    }

    /// Reads to the end; what ended it.
    boost::system::error_code end() {
        boost::system::error_code error;
        std::array<char, 4096> chunk{};
        while (!error)
            (void)stream_.read_some(asio::buffer(chunk), error);
        return error;
    }

    long serial() {
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(
            SSL_get1_peer_certificate(native()), X509_free);
        return ASN1_INTEGER_get(X509_get0_serialNumber(certificate.get()));
    }

    SSL* native() { return stream_.native_handle(); }
    asio::ssl::stream<Tcp::socket>& stream() { return stream_; }

  private:
    asio::io_context loop_;
    asio::ssl::context context_{asio::ssl::context::tls_client};
    asio::ssl::stream<Tcp::socket> stream_{loop_, context_};
};

class Tls : public testing::Test {
  protected:
    static void SetUpTestSuite() { log::configure(log::Level::warning, log::Format::text); }

    Tls() { write(1); }

    ~Tls() override {
        if (server_) server_->stop();
        const bool ended = happens([this] { return !server_ || server_->connections() == 0; });
        loops_.stop();
        loops_.join();
        EXPECT_TRUE(ended) << "a connection never ended";
    }

    void write(long serial) { write_self_signed(files_.certificate, files_.key, serial); }

    std::uint16_t serve(ServerSettings settings = {}) {
        source_ = std::make_shared<TlsSource>(files_);
        settings.port = 0;
        settings.tls = source_;
        std::vector<Route> routes;
        routes.push_back({Method::get, "/", Access::anyone, answer_small});
        routes.push_back({Method::get, "/large", Access::anyone, answer_large});
        server_.emplace(loops_, Router(std::move(routes)), std::move(settings));
        server_->start();
        loops_.start();
        return server_->port();
    }

    TemporaryFolder folder_;
    TlsFiles files_{folder_.path() / "crt", folder_.path() / "key"};
    std::shared_ptr<TlsSource> source_;
    Loops loops_{2};
    std::optional<Server> server_;
};

TEST_F(Tls, AFailedReloadKeepsTheVeryContext) {
    TlsSource source(files_);
    const auto before = source.current();
    EXPECT_EQ(before->serial(), "01");
    EXPECT_TRUE(before->warnings().empty());
    std::ofstream(files_.certificate) << "no certificate";
    EXPECT_THROW(source.reload(), TlsError);
    EXPECT_EQ(source.current(), before);
    write(255);
    source.reload();
    EXPECT_EQ(source.current()->serial(), "FF");
}

TEST_F(Tls, RequestsSucceedWhileCertificatesChange) {
    const std::uint16_t port = serve();
    std::atomic<bool> done = false;
    std::vector<std::future<std::string>> clients;
    for (int version : {TLS1_2_VERSION, TLS1_3_VERSION, TLS1_3_VERSION})
        clients.push_back(std::async(std::launch::async, [port, version, &done] {
            std::string odd;
            for (int round = 0; round < 5 || !done; ++round) {
                Client client(port, version);
                for (int request = 0; request < 2; ++request)
                    if (std::string answer = client.get(); !answer.starts_with("HTTP/1.1 200 "))
                        odd += answer + "\n";
            }
            return odd;
        }));
    for (long serial = 2; serial < 30; ++serial) {
        write(serial);
        source_->reload();
        EXPECT_EQ(Client(port).serial(), serial);
    }
    done = true;
    for (auto& client : clients)
        EXPECT_EQ(client.get(), "");
}

TEST_F(Tls, RenegotiationIsRefused) {
    Client client(serve(), TLS1_2_VERSION);
    ASSERT_TRUE(client.get().starts_with("HTTP/1.1 200 "));
    ASSERT_EQ(SSL_renegotiate(client.native()), 1);
    boost::system::error_code error;
    client.stream().handshake(asio::ssl::stream_base::client, error);
    EXPECT_EQ(ERR_GET_REASON(static_cast<unsigned long>(error.value())), SSL_R_NO_RENEGOTIATION)
        << error.message();
}

TEST_F(Tls, KeysMayBeUpdated) {
    Client client(serve());
    for (int round = 0; round < 3; ++round) {
        ASSERT_EQ(SSL_key_update(client.native(), SSL_KEY_UPDATE_REQUESTED), 1);
        EXPECT_TRUE(client.get().starts_with("HTTP/1.1 200 "));
    }
}

TEST_F(Tls, AHandshakeHasTheHeadersTimeLimit) {
    ServerSettings settings;
    settings.header_timeout = 50ms;
    serve(settings);
    asio::io_context loop;
    Tcp::socket silent(loop);
    silent.connect({asio::ip::address_v4::loopback(), server_->port()});
    char byte = 0;
    boost::system::error_code error;
    silent.read_some(asio::buffer(&byte, 1), error);
    EXPECT_EQ(error, asio::error::eof);
    EXPECT_EQ(server_->failed_handshakes(), 1U);
}

TEST_F(Tls, AClientThatDoesNotReadIsCutOff) {
    ServerSettings settings;
    settings.write_timeout = 50ms;
    Client client(serve(settings));
    asio::write(client.stream(), asio::buffer("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"sv));
    EXPECT_TRUE(happens([this] { return server_->connections() == 0; }));
    EXPECT_EQ(client.end(), asio::ssl::error::stream_truncated);
}

TEST_F(Tls, StopEndsIdleConnectionsProperlyAndHandshakesAtOnce) {
    const std::uint16_t port = serve();
    Client idle(port);
    ASSERT_TRUE(idle.get().starts_with("HTTP/1.1 200 "));
    asio::io_context loop;
    Tcp::socket silent(loop);
    silent.connect({asio::ip::address_v4::loopback(), port});
    ASSERT_TRUE(happens([this] { return server_->connections() == 2; }));
    server_->stop();
    EXPECT_EQ(idle.end(), asio::error::eof);  // close_notify, or it were stream_truncated
    EXPECT_TRUE(happens([this] { return server_->connections() == 0; }));
}

/// What a client sends first.
std::string hello() {
    asio::ssl::context context(asio::ssl::context::tls_client);
    const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(context.native_handle()),
                                                           SSL_free);
    SSL_set_bio(client.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_connect(client.get());
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(client.get()), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

TEST_F(Tls, AClientMayVanishAnywhereInItsHello) {
    const std::uint16_t port = serve();
    const std::string bytes = hello();
    ASSERT_GT(bytes.size(), 100U);
    for (std::size_t size = 0; size <= bytes.size(); size += 7) {
        asio::io_context loop;
        Tcp::socket socket(loop);
        socket.connect({asio::ip::address_v4::loopback(), port});
        asio::write(socket, asio::buffer(bytes, size));
    }
    const std::size_t vanished = bytes.size() / 7 + 1;
    EXPECT_TRUE(happens([&] { return server_->failed_handshakes() >= vanished; }));
    EXPECT_EQ(server_->failed_handshakes(), vanished);
    EXPECT_TRUE(Client(port).get().starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace userd::http
