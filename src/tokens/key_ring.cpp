#include "tokens/key_ring.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/errc.hpp"

namespace userd {

KeySet::KeySet(Parts parts) {
    if (!parts.signing || !parts.refresh)
        throw std::invalid_argument("a key set needs keys that sign");
    access_.push_back(std::move(parts.signing));
    for (KeyPointer& key : parts.verifying)
        if (find_key(access_, key->id()) == nullptr) access_.push_back(std::move(key));
    refresh_.push_back(std::move(parts.refresh));
    if (parts.previous_refresh) refresh_.push_back(std::move(parts.previous_refresh));
    for (const KeyPointer& key : access_)
        if (const std::string jwk = key->public_jwk(); !jwk.empty())
            jwks_ += (jwks_.empty() ? "" : ",") + jwk;
    jwks_ = R"({"keys":[)" + jwks_ + "]}";
}

const Key* find_key(const KeyList& keys, std::string_view id) noexcept {
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [id](const KeyPointer& key) { return key->id() == id; });
    return found == keys.end() ? nullptr : found->get();
}

void CurrentKeys::set(std::shared_ptr<const KeySet> keys) {
    if (!keys) throw std::invalid_argument("no key set");
    static std::atomic<std::uint64_t> editions{0};
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
    edition_.store(++editions, std::memory_order_release);
}

const KeySet& CurrentKeys::get() const {
    // std::atomic<std::shared_ptr> spins on a lock bit in libstdc++ 12, and every loop would write
    // to one counter. A thread's own copy costs it one comparison.
    struct Copy {
        std::uint64_t edition = 0;
        std::shared_ptr<const KeySet> keys;
    };
    thread_local Copy copy;
    if (copy.edition != edition_.load(std::memory_order_acquire)) {
        const std::lock_guard lock(mutex_);
        copy.keys = keys_;
        copy.edition = edition_.load(std::memory_order_relaxed);
    }
    if (!copy.keys) throw StoreUnavailable("the signing keys are not loaded yet");
    return *copy.keys;
}

}  // namespace userd
