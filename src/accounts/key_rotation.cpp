#include "accounts/key_rotation.hpp"

#include <algorithm>

namespace userd {
namespace {

constexpr std::string_view kSecret = "HS256";  // RFC 7518 section 3.1; never in the ring
constexpr std::chrono::seconds kPatience{60};  // for another replica to do what is due

template <class Test>
StoredKey* find_if(StoredKeys& keys, const Test& test) {
    const auto found = std::find_if(keys.begin(), keys.end(), test);
    return found == keys.end() ? nullptr : &*found;
}

StoredKey* find(StoredKeys& keys, KeyState state, std::string_view algorithm) {
    return find_if(keys, [&](const StoredKey& key) {
        return key.state == state && key.algorithm == algorithm;
    });
}

bool any_active(const StoredKeys& keys) {
    return std::any_of(keys.begin(), keys.end(),
                       [](const StoredKey& key) { return key.state == KeyState::active; });
}

void add(StoredKeys& keys, StoredKey key, KeyState state) {
    key.state = state;
    key.activated_at.reset();
    key.verify_until.reset();
    keys.push_back(std::move(key));
}

/// All active keys retire, but the one named.
void retire_others(StoredKeys& keys, std::string_view kid, Timestamp now,
                   const RotationSettings& settings) {
    for (StoredKey& key : keys)
        if (key.state == KeyState::active && key.id != kid) {
            key.state = KeyState::retired;
            key.verify_until = now + settings.verify_for;
        }
}

/// The key of the algorithm that waits, or a new one, signs; all that signed retire.
std::string let_sign(StoredKeys& keys, Timestamp now, const RotationSettings& settings,
                     const MakeKey& make) {
    if (find(keys, KeyState::next, settings.algorithm) == nullptr)
        add(keys, make(), KeyState::next);
    StoredKey& key = *find(keys, KeyState::next, settings.algorithm);
    std::string kid = key.id;
    // First those that signed: at no time are there two.
    retire_others(keys, kid, now, settings);
    key.state = KeyState::active;
    key.activated_at = now;
    return kid;
}

void drop_expired(StoredKeys& keys, Timestamp now) {
    std::erase_if(keys, [&](const StoredKey& key) {
        return key.state == KeyState::retired && key.verify_until && *key.verify_until <= now;
    });
}

/// Those of an algorithm that no replica wants any more. One that a replica with other settings
/// still waits for stays, so that the replicas do not undo each other's work while JWT_ALGORITHM is
/// being changed.
void drop_stale_next(StoredKeys& keys, Timestamp now, const RotationSettings& settings) {
    std::erase_if(keys, [&](const StoredKey& key) {
        return key.state == KeyState::next && key.algorithm != settings.algorithm &&
               now >= key.created_at + 2 * settings.lead + kPatience;
    });
}

bool is_due(const StoredKey& active, Timestamp now, const RotationSettings& settings) {
    if (settings.period == std::chrono::seconds::zero()) return false;
    return now >= active.activated_at.value_or(active.created_at) + settings.period - settings.lead;
}

RingEdit refused(std::string reason) {
    return {{}, {}, std::move(reason)};
}

/// Why the ring cannot take a next key; empty if it can.
std::string no_room(StoredKeys& keys, const RotationSettings& settings) {
    if (settings.algorithm == kSecret) return std::string(kSecretSigns);
    const StoredKey* next = find(keys, KeyState::next, settings.algorithm);
    if (next == nullptr) return {};
    return "the key " + next->id + " is next already and signs from " +
           rfc3339(signs_from(*next, settings));
}

}  // namespace

StoredKeys advance_ring(StoredKeys keys, Timestamp now, const RotationSettings& settings,
                        const MakeKey& make) {
    drop_expired(keys, now);
    drop_stale_next(keys, now, settings);
    if (settings.algorithm == kSecret) {
        retire_others(keys, {}, now, settings);
        return keys;
    }
    const StoredKey* next = find(keys, KeyState::next, settings.algorithm);
    const StoredKey* active = find(keys, KeyState::active, settings.algorithm);
    const bool published = next != nullptr && now >= signs_from(*next, settings);
    if (published || !any_active(keys))
        let_sign(keys, now, settings, make);
    else if (next == nullptr && (active == nullptr || is_due(*active, now, settings)))
        add(keys, make(), KeyState::next);
    else if (active != nullptr)
        retire_others(keys, active->id, now, settings);
    return keys;
}

RingEdit publish_next(StoredKeys keys, const RotationSettings& settings, const MakeKey& make) {
    if (std::string reason = no_room(keys, settings); !reason.empty()) return refused(reason);
    add(keys, make(), KeyState::next);
    std::string kid = keys.back().id;
    return {std::move(keys), std::move(kid), {}};
}

RingEdit rotate_at_once(StoredKeys keys, Timestamp now, const RotationSettings& settings,
                        const MakeKey& make) {
    if (settings.algorithm == kSecret) return refused(std::string(kSecretSigns));
    std::string kid = let_sign(keys, now, settings, make);
    return {std::move(keys), std::move(kid), {}};
}

RingEdit retire_at_once(StoredKeys keys, std::string_view kid, Timestamp now,
                        const RotationSettings& settings, const MakeKey& make) {
    const auto named = [kid](const StoredKey& key) { return key.id == kid; };
    if (std::erase_if(keys, named) == 0)
        return refused("no key of the ring has the id '" + std::string(kid) + "'");
    if (settings.algorithm != kSecret && !any_active(keys)) let_sign(keys, now, settings, make);
    return {std::move(keys), std::string(kid), {}};
}

RingEdit import_next(StoredKeys keys, StoredKey imported, const RotationSettings& settings) {
    if (find_if(keys, [&](const StoredKey& key) { return key.id == imported.id; }) != nullptr)
        return refused("the key " + imported.id + " is in the ring already");
    if (std::string reason = no_room(keys, settings); !reason.empty()) return refused(reason);
    std::string kid = imported.id;
    add(keys, std::move(imported), KeyState::next);
    return {std::move(keys), std::move(kid), {}};
}

const StoredKey* signing_key(const StoredKeys& keys, std::string_view algorithm) {
    const StoredKey* found = nullptr;
    for (const StoredKey& key : keys)
        if (key.state == KeyState::active && (found == nullptr || key.algorithm == algorithm))
            found = &key;
    return found;
}

Timestamp signs_from(const StoredKey& next, const RotationSettings& settings) {
    return next.created_at + settings.lead;
}

}  // namespace userd
