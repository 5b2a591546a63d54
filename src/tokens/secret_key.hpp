#pragma once

#include "tokens/keys.hpp"

namespace userd {

/// HMAC-SHA256 (RFC 2104), one shot; thread-safe.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view input);

}  // namespace userd
