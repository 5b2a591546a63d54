#pragma once

#include <atomic>
#include <boost/asio.hpp>
#include <list>
#include <memory>
#include <thread>

namespace userd {

/// Hands on between a free port of loopback and a Unix socket, on a thread of its own, and
/// misbehaves on demand.
class TcpProxy {
  public:
    explicit TcpProxy(const std::string& upstream) : upstream_(upstream) {
        listen(0);
        port_ = acceptor_.local_endpoint().port();
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~TcpProxy() {
        loop_.stop();
        thread_.join();
    }
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Breaks every connection; new ones are taken.
    void cut() {
        on_loop([this] { drop_all(); });
    }
    /// Breaks every connection and refuses new ones.
    void go_away() {
        on_loop([this] {
            acceptor_.close();
            drop_all();
        });
    }
    void come_back() {
        on_loop([this] { listen(port_); });
    }
    /// Hands on what clients say, and keeps the answers until they may pass.
    void hold_answers() {
        on_loop([this] { holds_answers_ = true; });
    }
    void let_answers_pass() {
        on_loop([this] {
            holds_answers_ = false;
            for (const PairPtr& pair : pairs_)
                if (pair->held > 0) pass_on(pair, std::exchange(pair->held, 0));
        });
    }
    /// As soon as the upstream has answered one of them: drops the answer and cuts all, once.
    void cut_at_next_answer() {
        on_loop([this] { cuts_at_answer_ = true; });
    }

    /// How many connections the clients have reset instead of ending them.
    [[nodiscard]] int resets() const noexcept { return resets_; }

  private:
    struct Pair {
        explicit Pair(boost::asio::io_context& loop) : client(loop), server(loop) {}
        boost::asio::ip::tcp::socket client;
        boost::asio::local::stream_protocol::socket server;
        std::array<char, 16384> to_server{};
        std::array<char, 16384> to_client{};
        std::size_t held = 0;  ///< of to_client
    };
    using PairPtr = std::shared_ptr<Pair>;

    template <class Work>
    void on_loop(Work work) {
        boost::asio::post(loop_, boost::asio::use_future(std::move(work))).get();
    }

    void listen(std::uint16_t port) {
        const boost::asio::ip::tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(),
                                                      port);
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(boost::asio::socket_base::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen();
        accept();
    }

    void accept() {
        auto pair = std::make_shared<Pair>(loop_);
        acceptor_.async_accept(pair->client, [this, pair](boost::system::error_code error) {
            if (error) return;
            boost::system::error_code refused;
            pair->server.connect(upstream_, refused);
            if (!refused) {
                pairs_.push_back(pair);
                pump_questions(pair);
                pump_answers(pair);
            }
            accept();
        });
    }

    void pump_questions(const PairPtr& pair) {
        pair->client.async_read_some(
            boost::asio::buffer(pair->to_server), [this, pair](auto error, std::size_t size) {
                if (error == boost::asio::error::connection_reset) ++resets_;
                if (error) return drop(pair);
                boost::asio::async_write(pair->server,
                                         boost::asio::buffer(pair->to_server.data(), size),
                                         [this, pair](auto failed, std::size_t) {
                                             if (failed) return drop(pair);
                                             pump_questions(pair);
                                         });
            });
    }

    void pump_answers(const PairPtr& pair) {
        pair->server.async_read_some(boost::asio::buffer(pair->to_client),
                                     [this, pair](auto error, std::size_t size) {
                                         if (error) return drop(pair);
                                         if (std::exchange(cuts_at_answer_, false))
                                             return drop_all();
                                         if (holds_answers_)
                                             pair->held = size;
                                         else
                                             pass_on(pair, size);
                                     });
    }
    void pass_on(const PairPtr& pair, std::size_t size) {
        boost::asio::async_write(pair->client, boost::asio::buffer(pair->to_client.data(), size),
                                 [this, pair](auto failed, std::size_t) {
                                     if (failed) return drop(pair);
                                     pump_answers(pair);
                                 });
    }

    void drop(const PairPtr& pair) {
        boost::system::error_code ignored;
        pair->client.close(ignored);
        pair->server.close(ignored);
        pairs_.remove(pair);
    }
    void drop_all() {
        while (!pairs_.empty())
            drop(PairPtr(pairs_.front()));
    }

    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        loop_.get_executor()};
    boost::asio::local::stream_protocol::endpoint upstream_;
    boost::asio::ip::tcp::acceptor acceptor_{loop_};
    std::uint16_t port_ = 0;
    std::list<PairPtr> pairs_;
    bool holds_answers_ = false;
    bool cuts_at_answer_ = false;
    std::atomic<int> resets_{0};
    std::thread thread_;
};

}  // namespace userd
