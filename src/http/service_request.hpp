#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/secret.hpp"
#include "http/message.hpp"

namespace userd::http {

/// What another service asks about a token (RFC 7662 section 2.1, RFC 7009 section 2.1).
struct ServiceRequest {
    std::string client_id;
    Secret client_secret;
    Secret token;
};

/// The form and its credentials: HTTP Basic, or client_id and client_secret in the form (RFC 6749
/// section 2.3.1), not both. Otherwise the answer: 400 invalid_request or 401 invalid_client.
[[nodiscard]] std::variant<ServiceRequest, Response> parse_service_request(const Request& request);

/// 401 invalid_client (RFC 6749 section 5.2).
[[nodiscard]] Response invalid_client();

}  // namespace userd::http
