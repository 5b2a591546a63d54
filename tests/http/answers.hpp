#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace userd::http {

/// The value of a header, or "(none)".
inline std::string header(const Response& response, std::string_view name) {
    for (const auto& [known, value] : response.headers)
        if (known == name) return value;
    return "(none)";
}

inline Request request_of(Method method, std::string path, std::string query = {}) {
    Request request;
    request.method = method;
    request.raw_path = path;
    request.path = std::move(path);
    request.query = std::move(query);
    return request;
}

inline Request body_of(std::string_view body, std::string content_type = "application/json") {
    Request request;
    request.method = Method::post;
    request.content_type = std::move(content_type);
    request.body = Secret(body);
    return request;
}

}  // namespace userd::http
