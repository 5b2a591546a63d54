// The bytes of a request head, its final empty line included.
#include "http/head.hpp"

#include "base/text.hpp"
#include "require.hpp"

namespace {

using namespace userd;
using namespace userd::http;
using fuzz::require;

bool is_clean(std::string_view text) {
    for (const char c : text)
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) return false;
    return true;
}

int count_fields(std::string_view bytes, std::string_view name) {
    int count = 0;
    bytes.remove_prefix(bytes.find("\r\n", 1) + 2);
    while (!bytes.empty()) {
        const std::string_view line = bytes.substr(0, bytes.find("\r\n"));
        bytes.remove_prefix(line.size() + 2);
        if (compared_form(line.substr(0, line.find(':'))) == name) ++count;
    }
    return count;
}

void check_framing(const Head& head, std::string_view bytes, bool is_1_1) {
    require(!(head.chunked && head.content_length), "one length at most");
    require(!head.chunked || is_1_1, "no coding in HTTP/1.0");
    require(count_fields(bytes, "content-length") == (head.content_length ? 1 : 0),
            "every length is seen");
    require(count_fields(bytes, "transfer-encoding") == (head.chunked ? 1 : 0),
            "every coding is seen");
}

void check_request(const Request& request) {
    for (const std::string& text :
         {request.raw_path, request.query, request.content_type, request.authorization,
          request.origin, request.access_control_request_method})
        require(is_clean(text), "no control bytes get through");
    require(request.path.size() <= request.raw_path.size(), "decoding never lengthens");
    require(request.raw_path == "*" || request.raw_path.starts_with('/'), "paths are absolute");
    require(request.raw_path.find_first_of(" ?#") == std::string::npos, "paths end at the query");
    require(request.traceparent.empty() || request.traceparent.size() == 55, "traceparent's form");
}

void check_accepted(const Head& head, std::string_view bytes) {
    const std::string_view all = bytes;
    if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
    require(bytes.ends_with("\r\n\r\n"), "ends with an empty line");
    require(bytes.find("\r\n\r\n") == bytes.size() - 4, "and has no other");
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        require((bytes[i] == '\n') == (i > 0 && bytes[i - 1] == '\r'), "no bare CR or LF");
        require(bytes[i] != '\0', "no NUL");
    }
    const bool is_1_1 = bytes.substr(0, bytes.find("\r\n")).ends_with(" HTTP/1.1");
    const int hosts = count_fields(bytes, "host");
    require(is_1_1 ? hosts == 1 : hosts <= 1, "exactly one Host");
    check_framing(head, bytes, is_1_1);
    check_request(head.request);
    require(!parse_head(all.substr(0, all.size() - 1)), "nothing may be missing at the end");
    require(!parse_head(std::string(all) + "x"), "nothing may follow");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto head = parse_head(bytes)) check_accepted(*head, bytes);
    return 0;
}
