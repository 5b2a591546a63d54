#include "http/render.hpp"

#include <initializer_list>

#include "http/date.hpp"

namespace userd::http {
namespace {

std::string_view reason_of(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 307:
            return "Temporary Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "";
    }
}

void append(std::string& out, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts)
        out.append(part);
}

}  // namespace

std::string render(const Response& response, const Framing& framing) {
    std::string out;
    out.reserve(512 + response.body.size());
    append(out, {"HTTP/1.1 ", std::to_string(response.status), " ", reason_of(response.status),
                 "\r\nDate: ", http_date(), "\r\nX-Request-ID: ", framing.request_id,
                 "\r\nX-Content-Type-Options: nosniff\r\n"});
    if (framing.encrypted) append(out, {"Strict-Transport-Security: max-age=31536000\r\n"});
    if (!response.content_type.empty())
        append(out, {"Content-Type: ", response.content_type, "\r\n"});
    if (response.status != 204)
        append(out, {"Content-Length: ", std::to_string(response.body.size()), "\r\n"});
    for (const auto& [name, value] : response.headers)
        append(out, {name, ": ", value, "\r\n"});
    append(out, {framing.keep_alive ? std::string_view("Connection: keep-alive\r\n\r\n")
                                    : std::string_view("Connection: close\r\n\r\n")});
    if (framing.has_body) out.append(response.body);
    return out;
}

}  // namespace userd::http
