#include "async/loops.hpp"

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <future>

#include "async/task.hpp"

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

Task<void> hold_for_ever(std::shared_ptr<boost::asio::ip::tcp::acceptor> held) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_at(std::chrono::steady_clock::time_point::max());
    co_await timer.async_wait(boost::asio::use_awaitable);
    held->close();
}

TEST(Loops, WhatIsSuspendedOnOneMayOwnASocketOfAnother) {
    std::weak_ptr<boost::asio::ip::tcp::acceptor> seen;
    {
        Loops loops(3);
        for (std::size_t owner = 0; owner < loops.size(); ++owner) {
            auto acceptor = std::make_shared<boost::asio::ip::tcp::acceptor>(
                loops.at(owner),
                boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
            seen = acceptor;
            for (std::size_t i = 0; i < loops.size(); ++i)
                boost::asio::co_spawn(loops.at(i), hold_for_ever(acceptor), boost::asio::detached);
        }
        loops.start();
        std::promise<void> begun;
        boost::asio::post(loops.at(2), [&begun] { begun.set_value(); });
        begun.get_future().wait();
    }
    EXPECT_TRUE(seen.expired());
}

}  // namespace
}  // namespace userd
