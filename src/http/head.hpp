#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace userd::http {

/// What the bytes of a request head say, checked strictly (RFC 9112).
struct Head {
    Request request;         ///< all but body, id and peer
    std::string request_id;  ///< X-Request-ID as sent, unchecked
    std::optional<std::size_t> content_length;
    bool chunked = false;
    bool keep_alive = true;
    bool expects_continue = false;
};

/// `bytes` is a request line and headers with their final empty line. Nothing for what a strict
/// server answers with 400: bare CR or LF, control bytes, folding, space before a colon, an unknown
/// version, a missing or second Host, two lengths, a length with Transfer-Encoding, a coding other
/// than chunked, …
[[nodiscard]] std::optional<Head> parse_head(std::string_view bytes);

}  // namespace userd::http
