#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "store/key_ring.hpp"
#include "tokens/key_ring.hpp"
#include "tokens/sealing.hpp"

namespace userd {

/// Puts signing keys into the form the store keeps, and takes them out again. The private part
/// alone is believed: kid and public key are worked out from it, so that a row which someone else
/// has written into the table neither signs nor verifies anything. Immutable and thread-safe.
class KeyVault {
  public:
    /// `previous` opens what was sealed before the master key was changed; empty if it never was.
    KeyVault(const Secret& master, const Secret& previous);

    /// As a next key. std::invalid_argument for an HS256 key: secrets are not kept in the store.
    [[nodiscard]] StoredKey put(const Key& key, Timestamp now) const;
    /// std::runtime_error, which names MASTER_KEY_PREVIOUS, when neither master key opens it.
    [[nodiscard]] KeyPointer take(const StoredKey& stored) const;
    /// Seals it under the current master key if it is not; true if it was changed. As take()
    /// throws.
    bool renew(StoredKey& stored) const;

  private:
    [[nodiscard]] Secret open(const StoredKey& stored) const;

    SealingKey current_;
    std::optional<SealingKey> previous_;
};

}  // namespace userd
