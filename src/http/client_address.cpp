#include "http/client_address.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>

#include "base/text.hpp"

namespace userd::http {
namespace {

namespace ip = boost::asio::ip;

ip::address_v6 as_v6(const ip::address& address) {
    return address.is_v6() ? address.to_v6() : ip::make_address_v6(ip::v4_mapped, address.to_v4());
}

std::optional<ip::address> parse_address(std::string_view text) {
    boost::system::error_code error;
    const ip::address address = ip::make_address(std::string(text), error);
    if (error || (address.is_v6() && address.to_v6().scope_id() != 0)) return std::nullopt;
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
std::optional<ip::address> parse_node(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        return parse_address(text.substr(1, end - 1));
    }
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos)
        text = text.substr(0, colon);
    return parse_address(text);
}

/// The `for` of one element of Forwarded, unquoted.
std::string_view node_of(std::string_view element) {
    while (!element.empty()) {
        const std::size_t end = element.find(';');
        const std::string_view pair = trim(element.substr(0, end));
        element.remove_prefix(end == std::string_view::npos ? element.size() : end + 1);
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || compared_form(pair.substr(0, equals)) != "for")
            continue;
        std::string_view value = pair.substr(equals + 1);
        if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
            value = value.substr(1, value.size() - 2);
        return value;
    }
    return {};
}

/// From the last element to the first, until one is no trusted proxy's.
template <class NodeOf>
std::optional<ip::address> last_untrusted(std::string_view list, const TrustedProxies& trusted,
                                          const NodeOf& node) {
    std::optional<ip::address> seen;
    while (true) {
        const std::size_t comma = list.rfind(',');
        const std::string_view element =
            comma == std::string_view::npos ? list : list.substr(comma + 1);
        seen = parse_node(node(trim(element)));
        if (!seen || !trusted.contains(*seen) || comma == std::string_view::npos) return seen;
        list = list.substr(0, comma);
    }
}

bool is_of_this_network(const ip::address& address) {
    static const TrustedProxies kPrivate(
        "127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, ::1, fc00::/7, "
        "fe80::/10");
    return kPrivate.contains(address);
}

std::string forwarded_address(const Request& request, const TrustedProxies& trusted,
                              const std::string& peer) {
    const auto itself = [](std::string_view element) { return element; };
    std::optional<ip::address> found;
    if (!request.forwarded_for.empty())
        found = last_untrusted(request.forwarded_for, trusted, itself);
    if (!request.forwarded.empty()) {
        const auto other = last_untrusted(request.forwarded, trusted, node_of);
        // Proxies write one of the two; a client may have sent the other to hide behind it.
        if (!request.forwarded_for.empty() && other != found) return peer;
        found = other;
    }
    return found ? found->to_string() : std::string();
}

}  // namespace

TrustedProxies::TrustedProxies(std::string_view list) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view part = trim(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        if (part.empty()) continue;
        const std::size_t slash = part.find('/');
        const auto address = parse_address(part.substr(0, slash));
        if (!address) throw std::invalid_argument("'" + std::string(part) + "' is no IP network");
        const unsigned longest = address->is_v4() ? 32 : 128;
        unsigned bits = longest;
        if (slash != std::string_view::npos) {
            const std::string_view digits = part.substr(slash + 1);
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), bits);
            if (error != std::errc{} || end != digits.data() + digits.size() || bits > longest)
                throw std::invalid_argument("'" + std::string(part) + "' is no IP network");
        }
        networks_.push_back({as_v6(*address).to_bytes(), bits + (128 - longest)});
    }
}

bool TrustedProxies::contains(const ip::address& address) const noexcept {
    const auto bytes = as_v6(address).to_bytes();
    for (const Network& network : networks_) {
        bool is_same = true;
        for (unsigned bit = 0; bit < network.bits && is_same; ++bit) {
            const auto mask = static_cast<unsigned char>(0x80U >> (bit % 8));
            is_same = ((bytes[bit / 8] ^ network.bytes[bit / 8]) & mask) == 0;
        }
        if (is_same) return true;
    }
    return false;
}

std::string client_address(const Request& request, const TrustedProxies& trusted) {
    const auto peer = parse_address(request.peer);
    if (!peer) return {};
    if (trusted.contains(*peer)) return forwarded_address(request, trusted, peer->to_string());
    const bool speaks_for_others = !request.forwarded_for.empty() || !request.forwarded.empty();
    // Once proxies are named, every other peer speaks for itself.
    if (trusted.empty() && speaks_for_others && is_of_this_network(*peer)) return {};
    return peer->to_string();
}

Client client_of(const Request& request, const TrustedProxies& trusted) {
    Client client;
    client.address = client_address(request, trusted);
    client.agent = request.user_agent;
    if (!is_valid_utf8(client.agent))
        for (char& c : client.agent)
            if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    if (client.agent.size() <= kMaxAgent) return client;
    client.agent.resize(kMaxAgent);
    while (!is_valid_utf8(client.agent))
        client.agent.pop_back();
    return client;
}

}  // namespace userd::http
