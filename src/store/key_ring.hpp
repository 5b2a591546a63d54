#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace userd {

enum class KeyState {
    next,     ///< published, does not sign yet
    active,   ///< signs; at most one of each algorithm
    retired,  ///< published and verifies until `verify_until`
};

/// As stored, and for people.
[[nodiscard]] std::string_view name_of(KeyState state) noexcept;
/// std::runtime_error for a name that is none.
[[nodiscard]] KeyState parse_key_state(std::string_view name);

/// A signing key as the store keeps it; the private part is sealed under a key of the service's.
struct StoredKey {
    std::string id;         ///< kid: RFC 7638 thumbprint
    std::string algorithm;  ///< JWA name
    KeyState state = KeyState::next;
    std::string public_jwk;  ///< JSON
    std::string sealed;      ///< bytes: nonce and ciphertext
    std::string sealed_by;   ///< names the sealing key
    Timestamp created_at;
    std::optional<Timestamp> activated_at;
    std::optional<Timestamp> verify_until;  ///< of retired keys

    bool operator==(const StoredKey&) const = default;
};

struct StoredKeyRing {
    std::int64_t version = 0;  ///< raised by each change; 0 before the first key
    std::vector<StoredKey> keys;
};

}  // namespace userd
