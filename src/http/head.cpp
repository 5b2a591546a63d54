#include "http/head.hpp"

#include <array>
#include <charconv>

#include "base/text.hpp"

namespace userd::http {
namespace {

constexpr std::size_t kMaxHeaders = 100;
constexpr std::size_t kMaxLengthDigits = 18;

constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (int c = '0'; c <= '9'; ++c)
        table[static_cast<std::size_t>(c)] = true;
    for (int c = 'a'; c <= 'z'; ++c)
        table[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c)
        table[static_cast<std::size_t>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();  // RFC 9110 section 5.6.2

bool is_token(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text)
        if (!kToken[static_cast<unsigned char>(c)]) return false;
    return true;
}

/// A line without its CRLF; nothing when it holds a bare CR, LF or NUL.
std::optional<std::string_view> take_line(std::string_view& bytes) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7F) return std::nullopt;
    }
    return line;
}

Method method_of(std::string_view name) {
    if (name == "GET") return Method::get;
    if (name == "POST") return Method::post;
    if (name == "HEAD") return Method::head;
    if (name == "PUT") return Method::put;
    if (name == "PATCH") return Method::patch;
    if (name == "DELETE") return Method::delete_;
    if (name == "OPTIONS") return Method::options;
    return Method::other;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return decoded;
}

/// RFC 9112 section 3.2: origin-form, absolute-form, and `*` for OPTIONS.
bool parse_target(std::string_view target, Request& request) {
    for (const char c : target)
        if (c <= ' ' || c > '~' || c == '#' || c == '"' || c == '<' || c == '>' || c == '\\')
            return false;
    if (target == "*") {
        request.path = request.raw_path = target;
        return request.method == Method::options;
    }
    if (!target.starts_with('/')) {
        const std::size_t scheme = target.find("://");
        const std::string name = compared_form(target.substr(0, std::min(scheme, target.size())));
        if (scheme == std::string_view::npos || (name != "http" && name != "https")) return false;
        target.remove_prefix(scheme + 3);
        const std::size_t path = target.find_first_of("/?");
        if (path == 0) return false;
        target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
        if (target.starts_with('?')) return false;
    }
    const std::size_t question = target.find('?');
    request.raw_path = target.substr(0, question);
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    auto decoded = percent_decode(request.raw_path);
    if (!decoded) return false;
    request.path = *std::move(decoded);
    return true;
}

bool is_host(std::string_view value) {
    return value.find_first_of(" \t,/@?#\\\"<>") == std::string_view::npos;
}

bool is_traceparent(std::string_view value) {
    // W3C Trace Context, version 00: 00-<32 hex>-<16 hex>-<2 hex>, ids not all zero.
    if (value.size() != 55 || !value.starts_with("00-") || value[35] != '-' || value[52] != '-')
        return false;
    for (std::size_t i = 3; i < value.size(); ++i)
        if (i != 35 && i != 52 && (hex_value(value[i]) < 0 || (value[i] >= 'A' && value[i] <= 'F')))
            return false;
    return value.substr(3, 32).find_first_not_of('0') != std::string_view::npos &&
           value.substr(36, 16).find_first_not_of('0') != std::string_view::npos;
}

class HeadParser {
  public:
    std::optional<Head> parse(std::string_view bytes) {
        if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);  // RFC 9112 section 2.2
        const auto line = take_line(bytes);
        if (!line || !request_line(*line)) return std::nullopt;
        for (std::size_t count = 0;; ++count) {
            const auto field = take_line(bytes);
            if (!field || count > kMaxHeaders) return std::nullopt;
            if (field->empty()) break;
            if (!header(*field)) return std::nullopt;
        }
        if (!bytes.empty() || !finish()) return std::nullopt;
        return std::move(head_);
    }

  private:
    bool request_line(std::string_view line) {
        const std::size_t first = line.find(' ');
        const std::size_t last = line.rfind(' ');
        if (first == std::string_view::npos || first == last) return false;
        const std::string_view version = line.substr(last + 1);
        const std::string_view target = line.substr(first + 1, last - first - 1);
        if (!is_token(line.substr(0, first)) || target.empty()) return false;
        if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
        is_1_1_ = version == "HTTP/1.1";
        head_.request.method = method_of(line.substr(0, first));
        return parse_target(target, head_.request);
    }

    bool header(std::string_view line) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
        const std::string name = compared_form(line.substr(0, colon));
        const std::string_view value = trim(line.substr(colon + 1));
        Request& request = head_.request;
        if (name == "host") return ++hosts_ == 1 && is_host(value) && (!value.empty() || !is_1_1_);
        if (name == "content-length") return content_length(value);
        if (name == "transfer-encoding") return transfer_encoding(value);
        if (name == "authorization")
            return set_once(request.authorization, value, has_authorization_);
        if (name == "content-type") return set_once(request.content_type, value, has_content_type_);
        if (name == "connection") connection(value);
        if (name == "expect") head_.expects_continue = compared_form(value) == "100-continue";
        if (name == "x-request-id") head_.request_id = value;
        if (name == "x-forwarded-for") append_to_list(request.forwarded_for, value);
        if (name == "forwarded") append_to_list(request.forwarded, value);
        if (name == "user-agent") request.user_agent = value;
        if (name == "origin") request.origin = value;
        if (name == "access-control-request-method") request.access_control_request_method = value;
        if (name == "traceparent" && is_traceparent(value)) request.traceparent = value;
        return true;
    }

    /// RFC 9110 section 5.3: several lines are one list.
    static void append_to_list(std::string& list, std::string_view value) {
        if (!list.empty()) list += ',';
        list += value;
    }

    static bool set_once(std::string& target, std::string_view value, bool& seen) {
        if (seen) return false;
        seen = true;
        target = value;
        return true;
    }

    bool content_length(std::string_view value) {
        if (head_.content_length || value.empty() || value.size() > kMaxLengthDigits) return false;
        std::size_t length = 0;
        const auto [end, error] =
            std::from_chars(value.data(), value.data() + value.size(), length);
        if (error != std::errc{} || end != value.data() + value.size()) return false;
        head_.content_length = length;
        return true;
    }

    bool transfer_encoding(std::string_view value) {
        if (head_.chunked || compared_form(value) != "chunked") return false;
        head_.chunked = true;
        return true;
    }

    void connection(std::string_view value) {
        while (!value.empty()) {
            const std::size_t comma = value.find(',');
            const std::string option = compared_form(trim(value.substr(0, comma)));
            if (option == "close") close_ = true;
            if (option == "keep-alive") keep_alive_ = true;
            value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
        }
    }

    bool finish() {
        if (is_1_1_ && hosts_ != 1) return false;
        // RFC 9112 section 6.1: both lengths at once, or a coding in HTTP/1.0, is an attack or a
        // fault.
        if (head_.chunked && (head_.content_length || !is_1_1_)) return false;
        head_.keep_alive = !close_ && (is_1_1_ || keep_alive_);
        return true;
    }

    Head head_;
    bool is_1_1_ = true;
    bool close_ = false;
    bool keep_alive_ = false;
    bool has_authorization_ = false;
    bool has_content_type_ = false;
    int hosts_ = 0;
};

}  // namespace

std::optional<Head> parse_head(std::string_view bytes) {
    return HeadParser().parse(bytes);
}

}  // namespace userd::http
