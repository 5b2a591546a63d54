#include "async/loops.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <future>

namespace userd {
namespace {

TEST(Loops, EachThreadKnowsItsIndex) {
    Loops loops(3);
    loops.start();
    for (std::size_t i = 0; i < loops.size(); ++i) {
        std::promise<std::size_t> index;
        boost::asio::post(loops.at(i), [&index] { index.set_value(current_loop()); });
        EXPECT_EQ(index.get_future().get(), i);
    }
}

TEST(Loops, FinishRunsWhatIsQueued) {
    Loops loops(2);
    std::atomic<int> ran = 0;
    for (int n = 0; n < 100; ++n)
        boost::asio::post(loops.at(n % 2 ? 1 : 0), [&ran] { ++ran; });
    loops.start();
    loops.finish();
    loops.join();
    EXPECT_EQ(ran, 100);
}

TEST(Loops, StopEndsLoopsThatStillWait) {
    Loops loops(2);
    loops.start();
    loops.stop();
    loops.join();
    SUCCEED();
}

}  // namespace
}  // namespace userd
