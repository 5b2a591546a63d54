#include "app/setting_parsers.hpp"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <set>

#include "base/text.hpp"
#include "http/client_address.hpp"

namespace userd::parse {
namespace {

constexpr std::size_t kMinKeyBytes = 32;
constexpr std::size_t kMinDistinctBytes = 8;

bool is_host(std::string_view text) {
    if (text.empty()) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    });
}

bool is_port(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value > 0 && value < 65536;
}

bool is_origin(std::string_view text) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (text.starts_with(scheme)) {
            text.remove_prefix(scheme.size());
            const std::size_t colon = text.find(':');
            return is_host(text.substr(0, colon)) &&
                   (colon == std::string_view::npos || is_port(text.substr(colon + 1)));
        }
    return false;
}

bool looks_like_sample(std::string_view text) {
    const std::string lower = compared_form(text);
    for (const std::string_view sample :
         {"changeme", "change-me", "change_me", "your-secret", "your_secret", "yoursecret",
          "secretkey", "secret-key", "secret_key", "super-secret", "supersecret", "example",
          "password", "0123456789", "1234567890", "abcdefgh", "insecure", "replace-me",
          "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"})
        if (lower.find(sample) != std::string::npos) return true;
    return std::set<char>(text.begin(), text.end()).size() < kMinDistinctBytes;
}

}  // namespace

void fail(std::string_view name, const std::string& what) {
    throw SettingError(std::string(name) + ": " + what);
}

std::uint64_t number(std::string_view name, const std::string& text, std::uint64_t least,
                     std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        fail(name, "'" + text + "' is not a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most));
    return value;
}

bool on_off(std::string_view name, const std::string& text) {
    const std::string lower = compared_form(text);
    for (const std::string_view yes : {"on", "true", "yes", "1"})
        if (lower == yes) return true;
    for (const std::string_view no : {"off", "false", "no", "0"})
        if (lower == no) return false;
    fail(name, "'" + text + "' is neither on nor off");
}

Endpoint endpoint(std::string_view name, const std::string& text) {
    const std::string expected = "'" + text + "' is no address; write 127.0.0.1:8000 or [::1]:8000";
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) fail(name, expected);
    Endpoint endpoint;
    endpoint.address = text.substr(0, colon);
    if (endpoint.address.starts_with('[') && endpoint.address.ends_with(']'))
        endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
    else if (endpoint.address.find(':') != std::string::npos)
        fail(name, expected);
    if (endpoint.address == "localhost") endpoint.address = "127.0.0.1";
    boost::system::error_code error;
    boost::asio::ip::make_address(endpoint.address, error);
    if (error) fail(name, expected);
    endpoint.port = static_cast<std::uint16_t>(number(name, text.substr(colon + 1), 0, 65535));
    return endpoint;
}

std::string topic(std::string_view name, const std::string& text) {
    const bool good = !text.empty() && text.size() <= 249 && text != "." && text != ".." &&
                      std::all_of(text.begin(), text.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
                      });
    if (!good)
        fail(name, "'" + text + "' is no topic; use 1 to 249 letters, digits, '.', '_' and '-'");
    return text;
}

std::vector<std::string> origins(std::string_view name, const std::string& text) {
    std::vector<std::string> origins;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t comma = std::min(text.find(',', start), text.size());
        std::string origin = text.substr(start, comma - start);
        start = comma + 1;
        origin.erase(0, origin.find_first_not_of(' '));
        origin.erase(origin.find_last_not_of(' ') + 1);
        // Browsers send it in lower case, whatever the address bar shows.
        if (!is_origin(compared_form(origin)))
            fail(name,
                 "'" + origin + "' is no origin; write https://shop.example, several with commas");
        origins.push_back(compared_form(origin));
    }
    return origins;
}

std::string proxies(std::string_view name, const std::string& text) {
    try {
        (void)http::TrustedProxies(text);
    } catch (const std::invalid_argument& error) {
        fail(name, std::string(error.what()) + "; give addresses or networks such as 10.0.0.0/8");
    }
    return text;
}

std::string folder_url(std::string_view name, const std::string& text) {
    const std::size_t scheme = text.find("://");
    const std::size_t path = scheme == std::string::npos ? scheme : text.find('/', scheme + 3);
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c <= '~' &&
               std::string_view("?#\"<>\\^`{|}").find(c) == std::string_view::npos;
    });
    // It may hold a password, so it is not repeated.
    if (!plain || !is_origin(std::string_view(text).substr(0, path)))
        fail(name, "is no address of a service; write https://host/path/");
    return text.ends_with('/') ? text : text + "/";
}

Algorithm algorithm(std::string_view name, const std::string& text) {
    if (const auto known = algorithm_named(text)) return *known;
    fail(name, "'" + text + "' is none of ES256, EdDSA, RS256, HS256");
}

log::Level level(std::string_view name, const std::string& text) {
    const std::string lower = compared_form(text);
    if (lower == "trace") return log::Level::trace;
    if (lower == "debug") return log::Level::debug;
    if (lower == "info") return log::Level::info;
    if (lower == "warning" || lower == "warn") return log::Level::warning;
    if (lower == "error") return log::Level::error;
    fail(name, "'" + text + "' is none of trace, debug, info, warning, error");
}

log::Format format(std::string_view name, const std::string& text) {
    const std::string lower = compared_form(text);
    if (lower == "text") return log::Format::text;
    if (lower == "json") return log::Format::json;
    fail(name, "'" + text + "' is neither text nor json");
}

Secret key(std::string_view name, std::string text) {
    const Secret secret(std::move(text));
    if (secret.size() < kMinKeyBytes)
        fail(name, "has " + std::to_string(secret.size()) +
                       " bytes, at least 32 are needed; make one with: openssl rand -base64 48");
    if (looks_like_sample(secret.reveal()))
        fail(name, "is a sample or easily guessed value; make one with: openssl rand -base64 48");
    return secret.copy();
}

}  // namespace userd::parse
