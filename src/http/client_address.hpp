#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.hpp"
#include "http/message.hpp"

namespace userd::http {

/// Addresses of proxies whose word about the client is taken: TRUSTED_PROXIES.
class TrustedProxies {
  public:
    TrustedProxies() = default;
    /// `10.0.0.0/8, 2001:db8::/32, 127.0.0.1`. std::invalid_argument naming the part that is none.
    explicit TrustedProxies(std::string_view list);

    [[nodiscard]] bool empty() const noexcept { return networks_.empty(); }
    [[nodiscard]] bool contains(const boost::asio::ip::address& address) const noexcept;

  private:
    struct Network {
        boost::asio::ip::address_v6::bytes_type bytes{};  ///< IPv4 as mapped
        unsigned bits = 128;
    };
    std::vector<Network> networks_;
};

/// Where the request came from first: the peer, or, when the peer is a trusted proxy, the last
/// address of X-Forwarded-For or Forwarded (RFC 7239) that is not one. Empty when that cannot be
/// known: nothing or nonsense was forwarded, or a proxy of this machine or network that is not
/// configured speaks for others. Callers must not count the empty one as a client.
[[nodiscard]] std::string client_address(const Request& request, const TrustedProxies& trusted);

/// That and the User-Agent, cut to kMaxAgent bytes; bytes that are no UTF-8 become '?'.
[[nodiscard]] Client client_of(const Request& request, const TrustedProxies& trusted);

}  // namespace userd::http
