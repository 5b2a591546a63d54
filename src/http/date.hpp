#pragma once

#include <string_view>

namespace userd::http {

/// The Date header's value now (RFC 9110 section 5.6.7), made once a second per thread.
[[nodiscard]] std::string_view http_date();

}  // namespace userd::http
