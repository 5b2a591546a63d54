#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace userd::http {

/// What an answer's bytes depend on beside the answer.
struct Framing {
    std::string_view request_id;
    bool keep_alive = true;
    bool encrypted = false;  ///< HSTS (RFC 6797 section 7.2: never over plain HTTP)
    bool has_body = true;    ///< false for HEAD: the headers only
};

/// The bytes of an answer (RFC 9112), with the headers that every one carries.
[[nodiscard]] std::string render(const Response& response, const Framing& framing);

}  // namespace userd::http
