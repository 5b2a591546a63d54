#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/key_rotation.hpp"
#include "accounts/key_vault.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "store/store.hpp"
#include "tokens/key_ring.hpp"

namespace userd {

struct KeyKeeperSettings {
    Algorithm algorithm = Algorithm::es256;
    std::chrono::seconds period{std::chrono::days{90}};  ///< 0: rotated by hand only
    std::chrono::seconds lead{600};
    std::chrono::seconds access_lifetime{300};
};

/// What the service is given, and does not keep in its store.
struct KeySecrets {
    Secret master;
    Secret previous_master;  ///< empty if there is none
    Secret hs256;            ///< signs access tokens when the algorithm is HS256
    Secret previous_hs256;   ///< verifies them too; empty if there is none
};

/// The outcome of a command on the ring.
struct KeyChange {
    std::string refusal;           ///< one line; empty when it was done
    std::string kid;               ///< the key it was about
    std::optional<StoredKey> key;  ///< as it is in the ring now; absent when it is gone
};

/// Keeps the store's key ring: makes the first key, rotates, and tells this process of each change,
/// whoever made it. Each change is a compare-and-set of the whole ring, and who loses reads again,
/// so that several keepers on one store end with one ring. Used on one loop; the store outlives it.
class KeyKeeper {
  public:
    KeyKeeper(Store& store, const KeySecrets& secrets, KeyKeeperSettings settings,
              Clock clock = system_now);

    /// Makes the first key of a ring that never had one, in place of a fresh one.
    using FirstKey = std::function<KeyPointer()>;
    /// Reads the ring, makes what is missing, seals anew what the previous master key has sealed.
    /// std::runtime_error with one line when the ring's keys do not open.
    Task<std::shared_ptr<const KeySet>> load(FirstKey first_key);
    using Publish = std::function<void(std::shared_ptr<const KeySet>)>;
    /// Called from then on with each new key set.
    void on_change(Publish publish) { publish_ = std::move(publish); }
    /// To be called every few seconds after load(): takes over others' changes, and does what is
    /// due. Throws as load() does, and goes on with the former keys.
    Task<void> keep();

    /// As in the store now.
    Task<StoredKeys> list();
    Task<KeyChange> rotate(bool at_once);
    Task<KeyChange> retire(std::string kid);
    /// A private key in PEM, refused unless it is whole and of the algorithm.
    Task<KeyChange> import(Secret pem);

    [[nodiscard]] Timestamp signs_from(const StoredKey& next) const {
        return userd::signs_from(next, rotation_);
    }
    [[nodiscard]] std::string jwks() const { return keys_->jwks(); }
    /// What AttemptLimits names its counters with, derived from the master key.
    [[nodiscard]] Secret counter_key() const { return counter_key_.copy(); }

  private:
    using Edit = std::function<RingEdit(const StoredKeyRing&, Timestamp)>;
    Task<RingEdit> change(Edit edit);
    Task<KeyChange> command(Edit edit);
    Task<void> read_again();
    [[nodiscard]] MakeKey maker(Timestamp now) const;
    /// What signs is `former`, if it is in the ring, or else the ring's active key.
    [[nodiscard]] std::shared_ptr<const KeySet> open(const StoredKeys& keys,
                                                     const std::string& former = "") const;
    void adopt(StoredKeyRing ring, std::shared_ptr<const KeySet> keys);

    Store& store_;
    Algorithm algorithm_;
    RotationSettings rotation_;
    KeyVault vault_;
    KeySet::Parts secrets_;  ///< the keys that are not in the ring
    Secret counter_key_;
    Clock clock_;
    Publish publish_;
    StoredKeyRing ring_;  ///< as last seen
    /// Set while a key that another process made does not sign here yet.
    std::optional<Timestamp> signs_anew_at_;
    std::shared_ptr<const KeySet> keys_;
};

}  // namespace userd
