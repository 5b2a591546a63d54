#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <string>
#include <thread>
#include <utility>

namespace userd {

/// A server on loopback for one connection: reads one request, writes the bytes it was given, and
/// closes when destroyed or, with `close`, at once. Without bytes it never answers.
class ScriptedHttp {
  public:
    using Request = boost::beast::http::request<boost::beast::http::string_body>;

    explicit ScriptedHttp(std::string answer, bool close = false)
        : answer_(std::move(answer)), close_(close), thread_([this] { serve(); }) {}
    ~ScriptedHttp() {
        boost::system::error_code ignored;
        // Lets an accept() that nobody came to end.
        boost::asio::ip::tcp::socket(context_).connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    ScriptedHttp(const ScriptedHttp&) = delete;
    ScriptedHttp& operator=(const ScriptedHttp&) = delete;

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/api/";
    }
    /// Waits for it.
    [[nodiscard]] const Request& request() const { return request_.get(); }

  private:
    void serve() {
        boost::system::error_code error;
        connection_ = acceptor_.accept(error);
        if (error) return;
        boost::beast::flat_buffer buffer;
        Request request;
        boost::beast::http::read(connection_, buffer, request, error);
        if (error) return;
        received_.set_value(std::move(request));
        boost::asio::write(connection_, boost::asio::buffer(answer_), error);
        if (close_) connection_.close(error);
    }

    const std::string answer_;
    const bool close_;
    std::promise<Request> received_;
    std::shared_future<Request> request_{received_.get_future()};
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_{context_,
                                             {boost::asio::ip::address_v4::loopback(), 0}};
    boost::asio::ip::tcp::socket connection_{context_};
    std::thread thread_;
};

}  // namespace userd
