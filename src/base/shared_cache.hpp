#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace userd {

/// A bounded map of what was read lately from a slower place, shared by threads. It keeps at least
/// the half of its bound that was used last, and forgets older entries many at a time.
///
/// A value that was read before its key was erased is never put afterwards: a reader takes a ticket
/// before it reads, and an erasure makes the tickets before it worthless. So who changes the slower
/// place, and then erases, knows that no later find() gives the former value.
template <class Key, class Value, class Hash>
class SharedCache {
  public:
    /// Names a time in the life of a key.
    class Ticket {
        friend SharedCache;
        explicit Ticket(std::uint64_t erasures) : erasures_(erasures) {}
        std::uint64_t erasures_;
    };

    explicit SharedCache(std::size_t most) : most_in_generation_(most / kShards / 2 + 1) {}

    [[nodiscard]] std::optional<Value> find(const Key& key) {
        Shard& shard = shard_of(key);
        Generation forgotten;  // goes after the lock
        const std::lock_guard lock(shard.mutex);
        if (const auto young = shard.young.find(key); young != shard.young.end())
            return young->second;
        const auto old = shard.old.find(key);
        if (old == shard.old.end()) return std::nullopt;
        Value value = std::move(old->second);
        shard.old.erase(old);
        forgotten = insert(shard, key, value);
        return value;
    }

    /// To be taken before the value is read.
    [[nodiscard]] Ticket ticket(const Key& key) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        return Ticket(shard.erasures);
    }

    void put(const Key& key, Value value, Ticket ticket) {
        Shard& shard = shard_of(key);
        Generation forgotten;  // goes after the lock
        const std::lock_guard lock(shard.mutex);
        if (ticket.erasures_ == shard.erasures) forgotten = insert(shard, key, std::move(value));
    }

    void erase(const Key& key) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        ++shard.erasures;
        shard.young.erase(key);
        shard.old.erase(key);
    }

  private:
    static constexpr std::size_t kShards = 16;
    using Generation = std::unordered_map<Key, Value, Hash>;

    struct alignas(64) Shard {
        std::mutex mutex;
        std::uint64_t erasures = 0;
        Generation young;
        Generation old;  ///< what was young before, less what was found since
    };

    Shard& shard_of(const Key& key) {
        // Not the bits that choose the bucket.
        return shards_[(Hash{}(key) >> 48) % kShards];
    }

    /// Gives what has had its time.
    [[nodiscard]] Generation insert(Shard& shard, const Key& key, Value value) {
        Generation forgotten;
        if (shard.young.size() >= most_in_generation_)
            forgotten = std::exchange(shard.old, std::exchange(shard.young, {}));
        shard.young.insert_or_assign(key, std::move(value));
        return forgotten;
    }

    const std::size_t most_in_generation_;
    std::array<Shard, kShards> shards_;
};

}  // namespace userd
