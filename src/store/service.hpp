#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace userd {

/// Another service that may ask about tokens (RFC 7662, RFC 7009).
struct Service {
    std::string name;
    std::string secret_hash;  ///< SHA-256 of the secret, which has 256 random bits
    Timestamp created_at;
    std::optional<Timestamp> revoked_at;
};

}  // namespace userd
