#include "async/resume.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <string>
#include <thread>

#include "async/loops.hpp"
#include "support/run_task.hpp"

namespace userd {
namespace {

Task<std::string> from_other_thread(std::thread& other) {
    auto start = [&other](Resume<std::string> resume) {
        other = std::thread([resume = std::move(resume)] { resume(std::string(1000, 'x')); });
    };
    co_return co_await wait_for<std::string>(start);
}

Task<std::pair<std::thread::id, std::thread::id>> threads_before_and_after() {
    const std::thread::id before = std::this_thread::get_id();
    std::thread other;
    const std::string value = co_await from_other_thread(other);
    other.join();
    co_return std::pair(before, std::this_thread::get_id());
}

TEST(Resume, ValueOfAnotherThreadArrivesWhole) {
    std::thread other;
    EXPECT_EQ(run_task(from_other_thread(other)), std::string(1000, 'x'));
    other.join();
}

TEST(Resume, CoroutineGoesOnOnItsOwnThread) {
    const auto [before, after] = run_task(threads_before_and_after());
    EXPECT_EQ(before, after);
}

Task<int> given_at_once() {
    auto start = [](Resume<int> resume) { resume(7); };
    co_return co_await wait_for<int>(start);
}

TEST(Resume, MayBeCalledBeforeTheCoroutineIsSuspended) {
    EXPECT_EQ(run_task(given_at_once()), 7);
}

}  // namespace
}  // namespace userd
