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

Task<void> hold(std::shared_ptr<boost::asio::ip::tcp::acceptor> acceptor,
                std::promise<void>& held) {
    boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                    std::chrono::hours(1));
    held.set_value();
    co_await never.async_wait(boost::asio::use_awaitable);
    acceptor->close();
}

TEST(Loops, WhatWaitsOnOneLoopMayOwnASocketOfAnother) {
    for (const std::size_t owner : {0U, 1U}) {
        Loops loops(2);
        auto acceptor = std::make_shared<boost::asio::ip::tcp::acceptor>(
            loops.at(owner),
            boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
        const std::weak_ptr<boost::asio::ip::tcp::acceptor> watch = acceptor;
        std::promise<void> held;
        boost::asio::co_spawn(loops.at(1 - owner), hold(std::move(acceptor), held),
                              boost::asio::detached);
        loops.start();
        held.get_future().wait();
        loops.stop();
        loops.join();
        EXPECT_FALSE(watch.expired());  // it ends with the loops, under AddressSanitizer's eyes
    }
}

}  // namespace
}  // namespace userd
