#pragma once

#include <chrono>
#include <string_view>

#include "accounts/refusal.hpp"
#include "base/errc.hpp"
#include "http/message.hpp"

namespace userd::http {

/// {"detail":"…"} with the headers that the status asks for.
[[nodiscard]] Response problem(unsigned status, std::string_view detail);
/// The only map from Errc to an answer.
[[nodiscard]] Response problem(Errc error);
[[nodiscard]] Response problem(const Refusal& refusal);

[[nodiscard]] Response bad_request();        ///< 400
[[nodiscard]] Response not_authenticated();  ///< 401, no token or another scheme
[[nodiscard]] Response not_found();          ///< 404
[[nodiscard]] Response request_timeout();    ///< 408
[[nodiscard]] Response body_too_large();     ///< 413
[[nodiscard]] Response too_many_attempts(std::chrono::seconds retry_after);  ///< 429 + Retry-After
[[nodiscard]] Response header_too_large();                                   ///< 431
[[nodiscard]] Response internal_error();                                     ///< 500
[[nodiscard]] Response service_busy();                                       ///< 503 + Retry-After

}  // namespace userd::http
