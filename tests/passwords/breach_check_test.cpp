#include "passwords/breach_check.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <memory>
#include <string>

#include "passwords/range_client.hpp"
#include "support/run_task.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

/// Takes connections and never answers.
class SilentService {
  public:
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/range/";
    }
    void await_connection() { connections_.push_back(acceptor_.accept()); }

  private:
    boost::asio::io_context context_;
    tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
    std::vector<tcp::socket> connections_;
};

std::unique_ptr<RangeClient> client_of(const SilentService& service, std::size_t at_once) {
    RangeClientSettings settings;
    settings.url = service.url();
    settings.timeout = 10min;
    settings.at_once = at_once;
    return std::make_unique<RangeClient>(std::move(settings));
}

std::future<RangeAnswer> ask(RangeClient& client) {
    return std::async(std::launch::async, [&client] { return run_task(client.get("5BAA6")); });
}

TEST(RangeClient, StoppingEndsWhatHangs) {
    SilentService service;
    auto client = client_of(service, 2);
    auto first = ask(*client);
    service.await_connection();
    auto second = ask(*client);
    service.await_connection();
    client.reset();
    EXPECT_EQ(first.get().error, "userd is stopping");
    EXPECT_EQ(second.get().error, "userd is stopping");
}

TEST(RangeClient, WhatIsOverTheBoundFailsWithoutWaiting) {
    SilentService service;
    auto client = client_of(service, 1);
    auto first = ask(*client);
    service.await_connection();
    EXPECT_EQ(ask(*client).get().error, "too many checks at once");
    client.reset();
    first.get();
}

TEST(BreachCheck, APasswordPassesWhenTheServiceDoesNotAnswerInTime) {
    SilentService service;
    const auto check = make_breach_check({.url = service.url(), .timeout = 50ms});
    Secret password(std::string_view("password"));
    EXPECT_FALSE(run_task(check->is_breached(std::move(password))));
    EXPECT_EQ(check->counts().failed, 1U);
    EXPECT_EQ(check->counts().ok, 0U);
}

TEST(BreachCheck, NoServiceIsNoCheck) {
    EXPECT_EQ(make_breach_check({}), nullptr);
}

}  // namespace
}  // namespace userd
