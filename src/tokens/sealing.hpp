#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace userd {

/// Seals private keys for the store: XChaCha20-Poly1305 with a random nonce, under a key derived
/// from the master key. What is sealed opens only with the kid and algorithm it was sealed for, so
/// one row's private part cannot be put into another row. Immutable and thread-safe.
class SealingKey {
  public:
    explicit SealingKey(const Secret& master);

    /// Tells nothing of the key.
    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    /// The nonce's 24 bytes, then the ciphertext with its tag.
    [[nodiscard]] std::string seal(const Secret& plain, std::string_view kid,
                                   std::string_view algorithm) const;
    /// Nothing unless these bytes were sealed by this key for this kid and algorithm.
    [[nodiscard]] std::optional<Secret> open(std::string_view sealed, std::string_view kid,
                                             std::string_view algorithm) const;

  private:
    Secret key_;
    std::string id_;
};

}  // namespace userd
