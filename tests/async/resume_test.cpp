#include "async/resume.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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

struct Held {
    std::vector<Resume<int>> resumes;
    std::vector<int> values;  ///< of those that went on
    std::thread::id thread;   ///< of the last one
};

Task<void> is_held(Held& held) {
    auto start = [&held](Resume<int> resume) { held.resumes.push_back(std::move(resume)); };
    const int value = co_await wait_for<int>(start);
    held.values.push_back(value);
    held.thread = std::this_thread::get_id();
}

TEST(ResumeGroup, EachGoesOnOnceOnItsOwnLoopWithItsOwnValueInOrder) {
    std::array<boost::asio::io_context, 2> loops;
    Held held;
    for (int i = 0; i < 6; ++i)
        boost::asio::co_spawn(loops[static_cast<std::size_t>(i % 2)], is_held(held),
                              boost::asio::detached);
    for (auto& loop : loops)
        loop.poll();  // so the first three are of the first loop
    ASSERT_EQ(held.resumes.size(), 6U);

    ResumeGroup group;
    for (int i = 0; i < 6; ++i)
        held.resumes[static_cast<std::size_t>(i)](i, group);
    for (auto& loop : loops)
        EXPECT_EQ(loop.poll(), 0U) << "before the group is posted";
    group.post();
    group.post();
    EXPECT_EQ(loops[0].run_one(), 1U);
    EXPECT_EQ(std::exchange(held.values, {}), (std::vector{0, 1, 2})) << "in one piece of work";
    loops[1].run();
    EXPECT_EQ(held.values, (std::vector{3, 4, 5}));
}

TEST(ResumeGroup, ALoopRunsUntilItsCoroutinesHaveGoneOn) {
    boost::asio::io_context loop;
    Held held;
    boost::asio::co_spawn(loop, is_held(held), boost::asio::detached);
    loop.poll();
    std::thread other([&] {
        ResumeGroup group;
        held.resumes.front()(7, group);
        group.post();
    });
    loop.run();
    other.join();
    EXPECT_EQ(held.values, std::vector{7});
    EXPECT_EQ(held.thread, std::this_thread::get_id());
}

TEST(ResumeGroup, CoroutinesOfALoopThatIsGoneAreFreed) {
    const auto alive = std::make_shared<int>();
    Held held;
    {
        boost::asio::io_context loop;
        boost::asio::co_spawn(loop, is_held(held), [alive](std::exception_ptr) {});
        loop.poll();
        ResumeGroup group;
        std::exchange(held.resumes, {}).front()(7, group);
        group.post();
    }
    EXPECT_EQ(alive.use_count(), 1);
    EXPECT_TRUE(held.values.empty());
}

}  // namespace
}  // namespace userd
