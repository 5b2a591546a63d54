#include "accounts/key_keeper.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/log.hpp"

namespace userd {
namespace {

constexpr std::chrono::seconds kClockSkew{60};  // of replicas
// Replicas look every 2 s. One that signed with a key at once would have its tokens refused by
// those that have not looked yet.
constexpr std::chrono::seconds kOthersFollow{5};
constexpr int kTries = 20;  // each lost one means that another keeper has won

RotationSettings rotation_of(const KeyKeeperSettings& settings) {
    RotationSettings rotation;
    rotation.algorithm = name_of(settings.algorithm);
    rotation.period = settings.period;
    rotation.lead = settings.lead;
    rotation.verify_for = settings.access_lifetime + kClockSkew;
    return rotation;
}

KeyPointer refresh_key(const Secret& master) {
    return Key::from_secret(derive_key(master, "refresh tokens"));
}

KeySet::Parts fixed_keys(const KeySecrets& secrets, Algorithm algorithm) {
    KeySet::Parts parts;
    parts.refresh = refresh_key(secrets.master);
    if (!secrets.previous_master.empty())
        parts.previous_refresh = refresh_key(secrets.previous_master);
    if (algorithm != Algorithm::hs256) return parts;
    parts.signing = Key::from_secret(secrets.hs256);
    if (!secrets.previous_hs256.empty())
        parts.verifying.push_back(Key::from_secret(secrets.previous_hs256));
    return parts;
}

/// One whose halves do not belong together would sign tokens that nobody can verify.
KeyPointer checked_key(Algorithm algorithm, const Secret& pem) {
    KeyPointer key = Key::from_pem(algorithm, pem);
    constexpr std::string_view kProbe = "does the public key belong to the private one";
    if (!key->verify(kProbe, key->sign(kProbe)))
        throw std::invalid_argument("the public key does not belong to the private one");
    return key;
}

const StoredKey* find(const StoredKeys& keys, std::string_view id) {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [id](const StoredKey& key) { return key.id == id; });
    return found == keys.end() ? nullptr : &*found;
}

void log_changes(const StoredKeys& before, const StoredKeys& after) {
    for (const StoredKey& key : after) {
        const StoredKey* was = find(before, key.id);
        if (was == nullptr || was->state != key.state)
            log::info("signing key", {{"kid", key.id},
                                      {"algorithm", key.algorithm},
                                      {"state", std::string(name_of(key.state))}});
        else if (was->sealed_by != key.sealed_by)
            log::info("signing key sealed under the new master key", {{"kid", key.id}});
    }
    for (const StoredKey& key : before)
        if (find(after, key.id) == nullptr)
            log::info("signing key gone", {{"kid", key.id}, {"algorithm", key.algorithm}});
}

}  // namespace

KeyKeeper::KeyKeeper(Store& store, const KeySecrets& secrets, KeyKeeperSettings settings,
                     Clock clock)
    : store_(store),
      algorithm_(settings.algorithm),
      rotation_(rotation_of(settings)),
      vault_(secrets.master, secrets.previous_master),
      secrets_(fixed_keys(secrets, settings.algorithm)),
      counter_key_(derive_key(secrets.master, "attempt counters")),
      clock_(std::move(clock)) {}

Task<std::shared_ptr<const KeySet>> KeyKeeper::load(FirstKey first_key) {
    Edit edit = [this, first = std::move(first_key)](const StoredKeyRing& ring, Timestamp now) {
        RingEdit made{ring.keys, {}, {}};
        // Those that nothing needs any more need not open either.
        std::erase_if(made.keys, [&](const StoredKey& key) {
            return key.verify_until && *key.verify_until <= now;
        });
        for (StoredKey& key : made.keys)
            vault_.renew(key);
        const MakeKey make_first = [&] { return vault_.put(*first(), now); };
        made.keys = advance_ring(std::move(made.keys), now, rotation_,
                                 ring.version == 0 && first ? make_first : maker(now));
        return made;
    };
    co_await change(std::move(edit));
    co_return keys_;
}

Task<void> KeyKeeper::keep() {
    const std::int64_t version = co_await store_.key_ring_version();
    if (version != ring_.version) co_await read_again();
    if (signs_anew_at_ && *signs_anew_at_ <= clock_()) adopt(ring_, open(ring_.keys));
    const MakeKey placeholder = [this] {
        StoredKey key;
        key.algorithm = rotation_.algorithm;  // what is looked up by it must be found
        return key;
    };
    if (advance_ring(ring_.keys, clock_(), rotation_, placeholder) == ring_.keys) co_return;
    Edit edit = [this](const StoredKeyRing& ring, Timestamp now) {
        return RingEdit{advance_ring(ring.keys, now, rotation_, maker(now)), {}, {}};
    };
    co_await change(std::move(edit));
}

Task<void> KeyKeeper::read_again() {
    const std::int64_t before = ring_.version;
    StoredKeyRing ring = co_await store_.read_key_ring();
    // A command that ran meanwhile knows better; the next look settles it.
    if (ring_.version != before) co_return;
    const StoredKey* signer = signing_key(ring.keys, rotation_.algorithm);
    const StoredKey* former = signing_key(ring_.keys, rotation_.algorithm);
    const bool is_news = signer != nullptr && find(ring_.keys, signer->id) == nullptr;
    const std::string keeps = is_news && former != nullptr ? former->id : "";
    std::shared_ptr<const KeySet> keys = open(ring.keys, keeps);
    log_changes(ring_.keys, ring.keys);
    const bool is_held = find(ring.keys, keeps) != nullptr;
    adopt(std::move(ring), std::move(keys));
    if (is_held) signs_anew_at_ = clock_() + kOthersFollow;
}

Task<RingEdit> KeyKeeper::change(Edit edit) {
    for (int tries = 0; tries < kTries; ++tries) {
        StoredKeyRing ring = co_await store_.read_key_ring();
        RingEdit made = edit(ring, clock_());
        if (!made.refusal.empty()) co_return made;
        // Opened before it is written: no ring is stored that this process could not use.
        std::shared_ptr<const KeySet> keys = open(made.keys);
        if (made.keys != ring.keys) {
            StoredKeys written = made.keys;
            const bool won = co_await store_.replace_key_ring(ring.version, std::move(written));
            if (!won) continue;
            log_changes(ring.keys, made.keys);
            ring.keys = made.keys;
            ++ring.version;
        }
        if (!keys_ || ring.version > ring_.version) adopt(std::move(ring), std::move(keys));
        co_return made;
    }
    throw StoreUnavailable("the key ring changes all the time");
}

void KeyKeeper::adopt(StoredKeyRing ring, std::shared_ptr<const KeySet> keys) {
    ring_ = std::move(ring);
    keys_ = std::move(keys);
    signs_anew_at_.reset();
    if (publish_) publish_(keys_);
}

MakeKey KeyKeeper::maker(Timestamp now) const {
    return [this, now] { return vault_.put(*Key::generate(algorithm_), now); };
}

std::shared_ptr<const KeySet> KeyKeeper::open(const StoredKeys& keys,
                                              const std::string& former) const {
    KeySet::Parts parts = secrets_;
    const StoredKey* kept = find(keys, former);
    const StoredKey* signer = kept != nullptr ? kept : signing_key(keys, rotation_.algorithm);
    for (const StoredKey& key : keys) {
        parts.verifying.push_back(vault_.take(key));
        if (!parts.signing && &key == signer) parts.signing = parts.verifying.back();
    }
    if (!parts.signing)
        throw std::runtime_error("no key of the ring in the database signs; restart userd");
    return std::make_shared<KeySet>(std::move(parts));
}

Task<StoredKeys> KeyKeeper::list() {
    StoredKeyRing ring = co_await store_.read_key_ring();
    co_return std::move(ring.keys);
}

Task<KeyChange> KeyKeeper::command(Edit edit) {
    RingEdit made = co_await change(std::move(edit));
    KeyChange change;
    change.refusal = std::move(made.refusal);
    change.kid = std::move(made.kid);
    if (const StoredKey* key = find(made.keys, change.kid)) change.key = *key;
    co_return change;
}

Task<KeyChange> KeyKeeper::rotate(bool at_once) {
    Edit edit = [this, at_once](const StoredKeyRing& ring, Timestamp now) {
        return at_once ? rotate_at_once(ring.keys, now, rotation_, maker(now))
                       : publish_next(ring.keys, rotation_, maker(now));
    };
    co_return co_await command(std::move(edit));
}

Task<KeyChange> KeyKeeper::retire(std::string kid) {
    Edit edit = [this, id = std::move(kid)](const StoredKeyRing& ring, Timestamp now) {
        return retire_at_once(ring.keys, id, now, rotation_, maker(now));
    };
    co_return co_await command(std::move(edit));
}

Task<KeyChange> KeyKeeper::import(Secret pem) {
    KeyPointer key;
    KeyChange refused;
    try {
        if (algorithm_ == Algorithm::hs256) throw std::invalid_argument(std::string(kSecretSigns));
        key = checked_key(algorithm_, pem);
    } catch (const std::exception& error) {
        refused.refusal = error.what();
    }
    if (!key) co_return refused;
    Edit edit = [this, imported = std::move(key)](const StoredKeyRing& ring, Timestamp now) {
        return import_next(ring.keys, vault_.put(*imported, now), rotation_);
    };
    co_return co_await command(std::move(edit));
}

}  // namespace userd
