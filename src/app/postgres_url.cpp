#include "app/postgres_url.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace userd {
namespace {

struct Free {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
    void operator()(char* text) const noexcept { PQfreemem(text); }
};

/// Options whose value libpq looks at only when it connects.
struct Choice {
    const char* keyword;
    std::vector<std::string_view> values;
};
const std::vector<Choice>& choices() {
    static const std::vector<Choice> all = {
        {"sslmode", {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}},
        {"channel_binding", {"disable", "prefer", "require"}},
        {"gssencmode", {"disable", "prefer", "require"}},
        {"target_session_attrs",
         {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}},
    };
    return all;
}

/// Empty is the default one.
bool is_port(const std::string& text) {
    if (text.empty()) return true;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value > 0 && value < 65536;
}

bool is_secret(std::string_view keyword) {
    return keyword == "password" || keyword == "sslpassword";
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts(1);
    for (const char c : list)
        if (c == ',')
            parts.emplace_back();
        else
            parts.back() += c;
    return parts;
}

/// Bytes of `also_plain` stay as they are too.
std::string percent_encoded(std::string_view text, std::string_view also_plain = {}) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') ||
                           std::string_view("-._~").find(c) != std::string_view::npos ||
                           also_plain.find(c) != std::string_view::npos;
        if (plain)
            encoded += c;
        else
            encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
    return encoded;
}

/// libpq's own words may repeat the password.
const char* reason_of(std::string_view error) {
    if (error.find("URI query parameter") != std::string_view::npos)
        return "has an option after '?' that libpq does not know";
    if (error.find("percent-encoded") != std::string_view::npos)
        return "has a '%' that does not begin a percent-encoded byte; write %25";
    return "is no URI that libpq understands; write postgresql://USER:PASSWORD@HOST/DATABASE, "
           "other than letters and digits percent-encoded";
}

}  // namespace

PostgresUrl::PostgresUrl(const Secret& uri) {
    char* error = nullptr;
    const std::string text(uri.reveal());
    const std::unique_ptr<PQconninfoOption, Free> options(PQconninfoParse(text.c_str(), &error));
    const std::unique_ptr<char, Free> error_owner(error);
    if (!options) throw std::invalid_argument(reason_of(error == nullptr ? "" : error));
    for (PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr && *option->val != '\0')
            given_.emplace(option->keyword, Secret(std::string_view(option->val)));
    check();
}

void PostgresUrl::check() const {
    for (const Choice& choice : choices()) {
        const std::string value = value_of(choice.keyword);
        if (!value.empty() &&
            std::find(choice.values.begin(), choice.values.end(), value) == choice.values.end())
            throw std::invalid_argument(std::string("has a ") + choice.keyword +
                                        " that libpq does not know");
    }
    const std::vector<std::string> ports = split(value_of("port"));
    if (!std::all_of(ports.begin(), ports.end(), is_port))
        throw std::invalid_argument("has a port that is not a number from 1 to 65535");
    const std::size_t hosts = split(value_of(given_.contains("host") ? "host" : "hostaddr")).size();
    if (ports.size() > 1 && ports.size() != hosts)
        throw std::invalid_argument("has not as many ports as hosts");
    for (const std::string& host : split(value_of("host")))
        if (std::count(host.begin(), host.end(), ':') == 1)
            throw std::invalid_argument(
                "has a port in its host; write postgresql://HOST1:PORT1,HOST2:PORT2/DATABASE");
}

std::string PostgresUrl::value_of(const std::string& keyword) const {
    const auto found = given_.find(keyword);
    return found == given_.end() ? std::string() : std::string(found->second.reveal());
}

std::string PostgresUrl::shown_hosts() const {
    const std::vector<std::string> hosts = split(value_of("host"));
    const std::vector<std::string> ports = split(value_of("port"));
    std::string text;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        const bool v6 = hosts[i].find(':') != std::string::npos;
        const std::string& port = ports[ports.size() == 1 ? 0 : i];
        text += (i == 0 ? "" : ",");
        text += v6 ? "[" + hosts[i] + "]" : percent_encoded(hosts[i]);
        if (!port.empty()) text += ":" + port;
    }
    return text;
}

std::string PostgresUrl::shown() const {
    std::string text = "postgresql://" + percent_encoded(value_of("user"));
    if (given_.contains("password")) text += ":***";
    if (given_.contains("user") || given_.contains("password")) text += "@";
    text += shown_hosts() + "/" + percent_encoded(value_of("dbname"));
    char separator = '?';
    for (const auto& [keyword, value] : given_) {
        constexpr std::array<std::string_view, 4> kBefore = {"user", "host", "port", "dbname"};
        if (is_secret(keyword) ||
            std::find(kBefore.begin(), kBefore.end(), keyword) != kBefore.end())
            continue;
        text +=
            std::exchange(separator, '&') + keyword + "=" + percent_encoded(value.reveal(), "/,");
    }
    return text;
}

}  // namespace userd
