#include "http/form.hpp"

#include "base/text.hpp"

namespace userd::http {
namespace {

constexpr std::size_t kMaxNames = 32;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// As the WHATWG URL standard and Python decode: a percent sign without two digits stands for
/// itself, since callers post passwords that they have not encoded.
std::optional<std::string> decode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            decoded.push_back(' ');
        } else if (text[i] == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            const bool encoded = high >= 0 && low >= 0;
            decoded.push_back(encoded ? static_cast<char>(high * 16 + low) : '%');
            if (encoded) i += 2;
        } else {
            decoded.push_back(text[i]);
        }
    }
    if (!is_valid_utf8(decoded)) return std::nullopt;
    return decoded;
}

}  // namespace

std::string media_type(std::string_view content_type) {
    std::string type = compared_form(content_type.substr(0, content_type.find(';')));
    type.erase(type.find_last_not_of(" \t") + 1);
    return type;
}

std::optional<std::map<std::string, std::string>> parse_form(std::string_view body) {
    std::map<std::string, std::string> values;
    while (!body.empty()) {
        const std::size_t end = body.find('&');
        const std::string_view pair = body.substr(0, end);
        body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        auto name = decode(pair.substr(0, equals));
        auto value =
            decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
        if (!name || !value || values.size() == kMaxNames) return std::nullopt;
        if (!values.emplace(*std::move(name), *std::move(value)).second) return std::nullopt;
    }
    return values;
}

}  // namespace userd::http
