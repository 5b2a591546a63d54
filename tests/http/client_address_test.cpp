#include "http/client_address.hpp"

#include <gtest/gtest.h>

namespace userd::http {
namespace {

Request from(std::string peer, std::string forwarded_for = "", std::string forwarded = "") {
    Request request;
    request.peer = std::move(peer);
    request.forwarded_for = std::move(forwarded_for);
    request.forwarded = std::move(forwarded);
    return request;
}

const TrustedProxies kNone;
const TrustedProxies kProxies("10.0.0.0/8, 2001:db8:1::/48,127.0.0.1");

TEST(ClientAddress, IsThePeerWithoutProxies) {
    EXPECT_EQ(client_address(from("203.0.113.7"), kNone), "203.0.113.7");
    EXPECT_EQ(client_address(from("2001:db8::1"), kNone), "2001:db8::1");
    EXPECT_EQ(client_address(from("::ffff:203.0.113.7"), kNone), "203.0.113.7");
}

TEST(ClientAddress, IgnoresWhatAnUntrustedPeerForwards) {
    EXPECT_EQ(client_address(from("203.0.113.7", "198.51.100.1"), kProxies), "203.0.113.7");
    EXPECT_EQ(client_address(from("203.0.113.7", "", "for=198.51.100.1"), kProxies), "203.0.113.7");
}

TEST(ClientAddress, IsTheLastUntrustedOneBehindTrustedProxies) {
    EXPECT_EQ(client_address(from("10.1.2.3", "198.51.100.1"), kProxies), "198.51.100.1");
    // The first is what the client made up.
    EXPECT_EQ(client_address(from("10.1.2.3", "192.0.2.66, 198.51.100.1, 10.9.9.9"), kProxies),
              "198.51.100.1");
    EXPECT_EQ(client_address(from("127.0.0.1", "2001:db8:2::5, 2001:db8:1::9"), kProxies),
              "2001:db8:2::5");
    EXPECT_EQ(client_address(from("10.1.2.3", "198.51.100.1:4711"), kProxies), "198.51.100.1");
}

TEST(ClientAddress, IsTheFirstWhenAllAreTrusted) {
    EXPECT_EQ(client_address(from("10.1.2.3", "10.0.0.1, 10.0.0.2"), kProxies), "10.0.0.1");
}

TEST(ClientAddress, ReadsForwardedAsRfc7239HasIt) {
    EXPECT_EQ(
        client_address(from("10.1.2.3", "", "for=192.0.2.60;proto=http;by=203.0.113.43"), kProxies),
        "192.0.2.60");
    EXPECT_EQ(client_address(from("10.1.2.3", "", R"(For="[2001:db8:cafe::17]:4711")"), kProxies),
              "2001:db8:cafe::17");
    EXPECT_EQ(client_address(from("10.1.2.3", "", "for=192.0.2.43, for=198.51.100.17"), kProxies),
              "198.51.100.17");
}

class NonsenseForwarded : public ::testing::TestWithParam<const char*> {};

TEST_P(NonsenseForwarded, LeavesTheClientUnknownAndNotTheProxy) {
    EXPECT_EQ(client_address(from("10.1.2.3", GetParam()), kProxies), "");
}

INSTANTIATE_TEST_SUITE_P(Values, NonsenseForwarded,
                         ::testing::Values("", "unknown", "198.51.100.1, ", "198.51.100.1, _hidden",
                                           "999.1.1.1", "[2001:db8::1", "fe80::1%eth0",
                                           "198.51.100.1;10.0.0.1", "::gg"));

TEST(ClientAddress, TwoHeadersThatDisagreeCountAsTheProxyItself) {
    EXPECT_EQ(client_address(from("10.1.2.3", "198.51.100.1", "for=192.0.2.60"), kProxies),
              "10.1.2.3");
    EXPECT_EQ(client_address(from("10.1.2.3", "198.51.100.1", "for=198.51.100.1"), kProxies),
              "198.51.100.1");
}

TEST(ClientAddress, IsUnknownWhenAProxyOfThisNetworkIsNotConfigured) {
    EXPECT_EQ(client_address(from("127.0.0.1", "198.51.100.1"), kNone), "");
    EXPECT_EQ(client_address(from("192.168.1.2", "", "for=198.51.100.1"), kNone), "");
    EXPECT_EQ(client_address(from("127.0.0.1"), kNone), "127.0.0.1");
    // Once proxies are named, whoever else forwards hides nothing by it.
    EXPECT_EQ(client_address(from("192.168.1.2", "198.51.100.1"), kProxies), "192.168.1.2");
}

class BadNetwork : public ::testing::TestWithParam<const char*> {};

TEST_P(BadNetwork, IsRefused) {
    EXPECT_THROW(TrustedProxies{GetParam()}, std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Values, BadNetwork,
                         ::testing::Values("proxy", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                                           "10.0.0.0/8x", "::1/129", "10.0.0.256", "/8"));

TEST(TrustedProxies, MatchByPrefix) {
    const TrustedProxies proxies("192.0.2.128/25, ::1");
    const auto has = [&](const char* text) {
        return proxies.contains(boost::asio::ip::make_address(text));
    };
    EXPECT_TRUE(has("192.0.2.128"));
    EXPECT_TRUE(has("::ffff:192.0.2.255"));
    EXPECT_FALSE(has("192.0.2.127"));
    EXPECT_TRUE(has("::1"));
    EXPECT_FALSE(has("::2"));
    EXPECT_TRUE(TrustedProxies("0.0.0.0/0").contains(boost::asio::ip::make_address("8.8.8.8")));
    EXPECT_FALSE(TrustedProxies("0.0.0.0/0").contains(boost::asio::ip::make_address("2001::1")));
}

TEST(ClientOf, KeepsAnAgentThatIsShortAndValidText) {
    Request request = from("203.0.113.7");
    request.user_agent = "curl/8 \xC3\xA4 \xFF";
    EXPECT_EQ(client_of(request, kNone).agent, "curl/8 ?? ?");
    request.user_agent.clear();
    for (int i = 0; i < 200; ++i)
        request.user_agent += "\xC3\xA4";
    EXPECT_EQ(client_of(request, kNone).agent.size(), kMaxAgent);
    request.user_agent.insert(0, "a");
    EXPECT_EQ(client_of(request, kNone).agent.size(), kMaxAgent - 1);
}

}  // namespace
}  // namespace userd::http
