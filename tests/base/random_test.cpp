#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace userd {
namespace {

TEST(Random, NoTwoAnswersAreAlikeWhateverTheirSizesAndThreads) {
    std::mutex mutex;
    std::set<std::string> seen;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&] {
            for (int i = 0; i < 2000; ++i)
                // Sizes that end on the stock's edge, run over it, and go past it.
                for (const std::size_t size : {16U, 33U, 64U, 65U, 500U}) {
                    const std::lock_guard lock(mutex);
                    EXPECT_TRUE(seen.insert(random_bytes(size).substr(0, 16)).second);
                }
        });
}

TEST(Random, EveryByteIsFilled) {
    for (const std::size_t size : {1U, 15U, 64U, 65U}) {
        std::vector<std::uint8_t> ever(size, 0);
        for (int i = 0; i < 64; ++i) {
            std::vector<std::uint8_t> bytes(size, 0);
            fill_random(bytes);
            for (std::size_t at = 0; at < size; ++at)
                ever[at] |= bytes[at];
        }
        // Each bit of each byte was set once in 64 times, or the generator is broken.
        EXPECT_EQ(ever, std::vector<std::uint8_t>(size, 0xFF)) << size;
    }
}

struct AtTheEndOfAThread {
    std::vector<std::string>* made = nullptr;
    ~AtTheEndOfAThread() {
        if (made == nullptr) return;
        for (int i = 0; i < 3; ++i)
            made->push_back(random_bytes(32));
    }
};

TEST(Random, BytesAreRandomAtTheVeryEndOfAThreadToo) {
    std::vector<std::string> made;
    std::thread([&made] {
        // Made before the thread's first random bytes, and so destroyed after all they need.
        thread_local AtTheEndOfAThread end;
        end.made = &made;
        made.push_back(random_bytes(32));
    }).join();
    ASSERT_EQ(made.size(), 4U);
    EXPECT_EQ(std::set<std::string>(made.begin(), made.end()).size(), 4U);
    EXPECT_EQ(std::count(made.begin(), made.end(), std::string(32, '\0')), 0);
}

TEST(Random, NothingAsksForNothing) {
    EXPECT_EQ(random_bytes(0), "");
}

}  // namespace
}  // namespace userd
