// An application/x-www-form-urlencoded body of a login; then once more with a canary for a
// password.
#include "http/form.hpp"

#include "request_body.hpp"

namespace {

using namespace userd;
using fuzz::require;

constexpr const char* kType = "application/x-www-form-urlencoded";

std::string encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        out += '%';
        out += kHex[static_cast<unsigned char>(c) >> 4];
        out += kHex[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

void check_values(const std::map<std::string, std::string>& values) {
    require(values.size() <= 32, "names are bounded");
    std::string again;
    for (const auto& [name, value] : values) {
        require(is_valid_utf8(name) && is_valid_utf8(value), "values are UTF-8");
        // A pair of nothing at all would be skipped: '=' keeps it.
        again += (again.empty() ? "" : "&") + encoded(name) + "=" + encoded(value);
    }
    require(http::parse_form(again) == values, "what is encoded comes back");
    if (!values.empty())
        require(!http::parse_form(again + "&" + encoded(values.begin()->first) + "=x"),
                "a name comes once");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string body(reinterpret_cast<const char*>(data), size);
    if (const auto values = http::parse_form(body)) {
        for (const auto& [name, value] : *values)
            if ((name + value).find(fuzz::kCanary) != std::string::npos) return -1;
        check_values(*values);
    }
    fuzz::check_login(http::parse_login(fuzz::request_of(kType, body)));
    fuzz::check_login(http::parse_login(
        fuzz::request_of(kType, body + "&password=" + encoded(fuzz::kCanary) + "%00")));
    return 0;
}
