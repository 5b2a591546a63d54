#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "accounts/key_rotation.hpp"
#include "events/fake_store.hpp"

namespace userd {

/// A key ring in memory, with the constraints of the database. Thread-safe, so that several keepers
/// stand for several replicas.
class RingStore : public FakeStore {
  public:
    /// Called, without the lock, before each compare-and-set; may change the ring, or throw.
    std::function<void()> before_replace = [] {};

    [[nodiscard]] StoredKeyRing ring() const {
        const std::lock_guard lock(mutex_);
        return ring_;
    }
    /// As another process would.
    void change(const std::function<void(StoredKeys&)>& edit) {
        const std::lock_guard lock(mutex_);
        edit(ring_.keys);
        ++ring_.version;
    }
    /// As a backup that is restored would.
    void set_back(StoredKeyRing ring) {
        const std::lock_guard lock(mutex_);
        ring_ = std::move(ring);
    }

    Task<StoredKeyRing> read_key_ring() override { co_return ring(); }
    Task<std::int64_t> key_ring_version() override { co_return ring().version; }
    Task<bool> replace_key_ring(std::int64_t expected, StoredKeys keys) override {
        before_replace();
        const std::lock_guard lock(mutex_);
        if (ring_.version != expected) co_return false;
        check(keys);
        ring_.keys = std::move(keys);
        ++ring_.version;
        co_return true;
    }

  private:
    static void check(const StoredKeys& keys) {
        std::set<std::string> ids;
        std::set<std::pair<std::string, KeyState>> taken;
        for (const StoredKey& key : keys) {
            if (!ids.insert(key.id).second) throw std::logic_error("the id is taken");
            if ((key.state == KeyState::retired) != key.verify_until.has_value())
                throw std::logic_error("verify_until belongs to retired keys");
            if (key.state != KeyState::retired && !taken.emplace(key.algorithm, key.state).second)
                throw std::logic_error("two keys of one algorithm in one state");
        }
    }

    mutable std::mutex mutex_;
    StoredKeyRing ring_;
};

}  // namespace userd
