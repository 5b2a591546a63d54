#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.hpp"

namespace userd::http {

enum class Method { get, head, post, put, patch, delete_, options, other };

/// As on the wire; "other" for those that no route has.
[[nodiscard]] std::string_view name_of(Method method) noexcept;

/// One request as the connection read it: strictly parsed, within all limits.
struct Request {
    Method method = Method::get;
    std::string path;      ///< percent-decoded, without the query
    std::string raw_path;  ///< as sent, without the query
    std::string query;     ///< as sent, without '?'
    std::string content_type;
    std::string authorization;
    std::string traceparent;  ///< valid W3C Trace Context, or empty
    std::string origin;
    std::string access_control_request_method;
    std::string forwarded_for;  ///< X-Forwarded-For, all of them joined by commas
    std::string forwarded;      ///< Forwarded (RFC 7239), likewise
    std::string user_agent;
    std::string id;    ///< X-Request-ID: the caller's if well-formed, else a new one
    std::string peer;  ///< address of the peer without the port
    Secret body;
};

/// Status, headers and body; the connection adds Content-Length, Date, X-Request-ID, nosniff,
/// Connection.
struct Response {
    unsigned status = 200;
    std::string_view content_type = "application/json";  ///< static text; empty for none
    std::vector<std::pair<std::string_view, std::string>> headers;
    std::string body;
};

}  // namespace userd::http
