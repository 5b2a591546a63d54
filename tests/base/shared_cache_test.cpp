#include "base/shared_cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace userd {
namespace {

struct SpreadHash {
    std::size_t operator()(int key) const noexcept {
        return static_cast<std::size_t>(key) * 0x9E3779B97F4A7C15ULL;
    }
};
/// All keys in one shard and one bucket.
struct WorstHash {
    std::size_t operator()(int /*key*/) const noexcept { return 0; }
};
using Cache = SharedCache<int, std::string, SpreadHash>;

template <class AnyCache>
void put(AnyCache& cache, int key, const std::string& value) {
    cache.put(key, value, cache.ticket(key));
}

TEST(SharedCache, GivesWhatWasPutLast) {
    Cache cache(100);
    EXPECT_FALSE(cache.find(1));
    put(cache, 1, "one");
    put(cache, 2, "two");
    put(cache, 1, "uno");
    EXPECT_EQ(cache.find(1), "uno");
    EXPECT_EQ(cache.find(2), "two");
}

TEST(SharedCache, ForgetsWhatWasErased) {
    Cache cache(100);
    put(cache, 1, "one");
    cache.erase(1);
    EXPECT_FALSE(cache.find(1));
    put(cache, 1, "one");
    EXPECT_TRUE(cache.find(1));
}

TEST(SharedCache, AValueThatWasReadBeforeAnErasureIsNotPut) {
    Cache cache(100);
    const auto ticket = cache.ticket(1);
    cache.erase(1);
    cache.put(1, "old", ticket);
    EXPECT_FALSE(cache.find(1));
}

TEST(SharedCache, HoldsNoMoreThanItsBound) {
    constexpr int kMost = 1600;
    Cache cache(kMost);
    for (int key = 0; key < 10 * kMost; ++key)
        put(cache, key, "x");
    int found = 0;
    for (int key = 0; key < 10 * kMost; ++key)
        found += cache.find(key).has_value() ? 1 : 0;
    EXPECT_GE(found, kMost / 4);
    // A place of each shard's two generations more.
    EXPECT_LE(found, kMost + 32);
}

TEST(SharedCache, WhatIsUsedStaysWhileOthersComeAndGo) {
    Cache cache(1600);
    put(cache, -1, "used");
    for (int key = 0; key < 100'000; ++key) {
        put(cache, key, "x");
        if (key % 100 == 0) {
            ASSERT_EQ(cache.find(-1), "used") << key;
        }
    }
}

TEST(SharedCache, AnErasedKeyIsInNoGeneration) {
    SharedCache<int, std::string, WorstHash> cache(16 * 8);
    put(cache, 1, "one");
    for (int key = 2; key < 8; ++key)
        put(cache, key, "x");
    cache.erase(1);
    EXPECT_FALSE(cache.find(1));
}

/// A source whose value only grows, and readers that keep what they read.
TEST(SharedCache, AReaderNeverFindsWhatWasThereBeforeAFinishedChange) {
    SharedCache<int, int, WorstHash> cache(100);
    std::atomic<int> source{0};
    std::atomic<int> finished{0};
    std::atomic<int> stale{0};
    std::atomic<bool> over{false};
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            while (!over) {
                const int at_least = finished;
                std::optional<int> value = cache.find(7);
                if (!value) {
                    const auto ticket = cache.ticket(7);
                    value = source.load();
                    std::this_thread::yield();
                    cache.put(7, *value, ticket);
                }
                if (*value < at_least) ++stale;
            }
        });
    for (int version = 1; version <= 20'000; ++version) {
        source = version;
        cache.erase(7);
        finished = version;
    }
    over = true;
    readers.clear();
    EXPECT_EQ(stale, 0);
}

}  // namespace
}  // namespace userd
