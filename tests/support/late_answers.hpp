#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace userd {

/// Three threads ask `is_served()` again and again while `end()` ends what they ask for. How many
/// were served although they began to ask after end() had returned.
template <class IsServed, class End>
int late_answers(const IsServed& is_served, const End& end) {
    constexpr int kThreads = 3;
    constexpr int kAskedBefore = 10;
    std::atomic<bool> ended{false};
    std::atomic<int> asked{0};
    std::atomic<int> late{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&] {
            for (bool was_ended = false; !was_ended; ++asked) {
                was_ended = ended;
                if (is_served() && was_ended) ++late;
            }
        });
    while (asked < kAskedBefore)
        std::this_thread::yield();
    end();
    ended = true;
    threads.clear();
    return late;
}

}  // namespace userd
