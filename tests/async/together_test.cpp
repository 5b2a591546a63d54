#include "async/together.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "async/resume.hpp"
#include "support/run_task.hpp"

namespace userd {
namespace {

Task<void> at_once(bool& done) {
    done = true;
    co_return;
}

Task<void> fails(std::string reason) {
    throw std::runtime_error(reason);
    co_return;
}

Task<void> waits(Resume<int>& let_go, bool& done) {
    auto start = [&let_go](Resume<int> resume) { let_go = std::move(resume); };
    co_await wait_for<int>(start);
    done = true;
}

Task<void> lets_go(Resume<int>& other, bool& done) {
    while (!other)
        co_await boost::asio::post(co_await boost::asio::this_coro::executor,
                                   boost::asio::use_awaitable);
    other(0);
    done = true;
}

/// lets_go(), and throws.
Task<void> lets_go_and_fails(Resume<int>& other) {
    bool done = false;
    co_await lets_go(other, done);
    throw std::runtime_error("after that");
}

std::string failure_of(Task<void> task) {
    try {
        run_task(std::move(task));
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

TEST(Together, NeitherWaitsForTheOtherAndBothAreWaitedFor) {
    for (const bool first_waits : {true, false}) {
        Resume<int> let_go;
        bool waited = false;
        bool done = false;
        if (first_waits)
            run_task(together(waits(let_go, waited), lets_go(let_go, done)));
        else
            run_task(together(lets_go(let_go, done), waits(let_go, waited)));
        EXPECT_TRUE(waited && done) << first_waits;
    }
}

TEST(Together, WhatEitherThrowsIsThrownAndTheFirstComesFirst) {
    bool done = false;
    EXPECT_EQ(failure_of(together(fails("one"), at_once(done))), "one");
    EXPECT_EQ(failure_of(together(at_once(done), fails("two"))), "two");
    EXPECT_EQ(failure_of(together(fails("one"), fails("two"))), "one");
}

TEST(Together, OneThatThrowsLeavesTheOtherItsTime) {
    for (const bool first_fails : {true, false}) {
        Resume<int> let_go;
        bool waited = false;
        Task<void> failing = lets_go_and_fails(let_go);
        Task<void> waiting = waits(let_go, waited);
        Task<void> both = first_fails ? together(std::move(failing), std::move(waiting))
                                      : together(std::move(waiting), std::move(failing));
        EXPECT_EQ(failure_of(std::move(both)), "after that");
        EXPECT_TRUE(waited) << first_fails;
    }
}

}  // namespace
}  // namespace userd
