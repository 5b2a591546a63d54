#include "accounts/key_vault.hpp"

#include <stdexcept>

namespace userd {
namespace {

std::runtime_error spoilt(const StoredKey& stored, const std::string& why) {
    return std::runtime_error("the signing key " + stored.id + " in the database " + why +
                              "; restore the database from a backup");
}

}  // namespace

KeyVault::KeyVault(const Secret& master, const Secret& previous) : current_(master) {
    if (!previous.empty()) previous_.emplace(previous);
}

StoredKey KeyVault::put(const Key& key, Timestamp now) const {
    if (key.algorithm() == Algorithm::hs256)
        throw std::invalid_argument("a secret is no key of the ring");
    StoredKey stored;
    stored.id = key.id();
    stored.algorithm = name_of(key.algorithm());
    stored.public_jwk = key.public_jwk();
    stored.sealed = current_.seal(key.private_bytes(), stored.id, stored.algorithm);
    stored.sealed_by = current_.id();
    stored.created_at = now;
    return stored;
}

Secret KeyVault::open(const StoredKey& stored) const {
    const SealingKey* key = nullptr;
    if (stored.sealed_by == current_.id()) key = &current_;
    if (previous_ && stored.sealed_by == previous_->id()) key = &*previous_;
    if (key == nullptr)
        throw std::runtime_error(
            "the signing keys in the database are sealed under another master key; give the former "
            "one as MASTER_KEY_PREVIOUS or MASTER_KEY_PREVIOUS_FILE, or put it back");
    std::optional<Secret> plain = key->open(stored.sealed, stored.id, stored.algorithm);
    if (!plain) throw spoilt(stored, "does not open with the master key that sealed it");
    return *std::move(plain);
}

KeyPointer KeyVault::take(const StoredKey& stored) const {
    const auto algorithm = algorithm_named(stored.algorithm);
    if (!algorithm || *algorithm == Algorithm::hs256)
        throw spoilt(stored, "has the unknown algorithm '" + stored.algorithm + "'");
    KeyPointer key = Key::from_pem(*algorithm, open(stored));
    if (key->id() != stored.id) throw spoilt(stored, "is another key than its id says");
    return key;
}

bool KeyVault::renew(StoredKey& stored) const {
    if (stored.sealed_by == current_.id()) return false;
    stored.sealed = current_.seal(open(stored), stored.id, stored.algorithm);
    stored.sealed_by = current_.id();
    return true;
}

}  // namespace userd
