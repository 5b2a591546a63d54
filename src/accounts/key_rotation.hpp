#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "store/key_ring.hpp"

namespace userd {

/// The life of the ring's keys as plain functions: what the ring is to become, given what it is.
/// A key goes next → active → retired → gone, and never back.

struct RotationSettings {
    std::string algorithm = "ES256";  ///< of the keys that are to sign; HS256: none of the ring's
    std::chrono::seconds period{std::chrono::days{90}};  ///< a key's time as the active one; 0: off
    std::chrono::seconds lead{600};        ///< a key is published so long before it signs
    std::chrono::seconds verify_for{360};  ///< access tokens' life, and replicas' clocks apart
};

using StoredKeys = std::vector<StoredKey>;
/// A new key of the settings' algorithm, sealed, made `now`; its state is not looked at.
using MakeKey = std::function<StoredKey()>;

/// Why no command puts a key into the ring when the algorithm is HS256.
inline constexpr std::string_view kSecretSigns =
    "JWT_ALGORITHM is HS256: SECRET_KEY signs, and no key of the ring";

/// The outcome of a command on the ring.
struct RingEdit {
    StoredKeys keys;      ///< the ring as it is to be
    std::string kid;      ///< the key that the command was about
    std::string refusal;  ///< one line; unless it is empty the ring stays as it is
};

/// What time has brought:
/// - Without an active key one is made, which signs at once: there is nothing else to sign with.
/// - When the active key is older than the period less the lead, its successor is published.
/// - What was published for the lead signs, and its predecessor retires: it verifies as long as the
///   last token it signed may live.
/// - What has retired so long ago goes.
/// - A key of another algorithm goes on signing until one of this algorithm was published for the
///   lead, then retires. With HS256 it retires at once, since SECRET_KEY signs.
[[nodiscard]] StoredKeys advance_ring(StoredKeys keys, Timestamp now,
                                      const RotationSettings& settings, const MakeKey& make);

/// A successor is published now. Refused if one is already.
[[nodiscard]] RingEdit publish_next(StoredKeys keys, const RotationSettings& settings,
                                    const MakeKey& make);
/// The published successor, or a new key if there is none, signs from now on.
[[nodiscard]] RingEdit rotate_at_once(StoredKeys keys, Timestamp now,
                                      const RotationSettings& settings, const MakeKey& make);
/// The key is gone: what it signed is refused from now on. If it signed, another takes over.
[[nodiscard]] RingEdit retire_at_once(StoredKeys keys, std::string_view kid, Timestamp now,
                                      const RotationSettings& settings, const MakeKey& make);
/// As publish_next, with a key that was made elsewhere. Refused if it is in the ring already.
[[nodiscard]] RingEdit import_next(StoredKeys keys, StoredKey imported,
                                   const RotationSettings& settings);

/// The key that signs: the active one of the algorithm, else of another. Null if there is none.
[[nodiscard]] const StoredKey* signing_key(const StoredKeys& keys, std::string_view algorithm);
/// When a next key is to sign.
[[nodiscard]] Timestamp signs_from(const StoredKey& next, const RotationSettings& settings);

}  // namespace userd
