#include "async/within.hpp"

#include <gtest/gtest.h>

#include "async/resume.hpp"
#include "support/run_task.hpp"

namespace userd {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

Task<void> at_once() {
    co_return;
}

Task<void> fails() {
    throw std::invalid_argument("its own");
    co_return;
}

/// Waits until it is let go.
Task<void> waits(Resume<int>& let_go, bool& done) {
    auto start = [&let_go](Resume<int> resume) { let_go = std::move(resume); };
    co_await wait_for<int>(start);
    done = true;
}

TEST(Within, ATaskThatIsDoneInTimeIsWaitedForNoLonger) {
    run_task(within(1h, at_once()));
}

TEST(Within, WhatTheTaskThrowsIsThrown) {
    EXPECT_THROW(run_task(within(1h, fails())), std::invalid_argument);
}

Task<bool> gives_up_and_then_lets_go(bool& done) {
    Resume<int> let_go;
    bool gave_up = false;
    try {
        co_await within(1ms, waits(let_go, done));
    } catch (const TimedOut&) {
        gave_up = !done;
    }
    let_go(0);
    co_return gave_up;
}

TEST(Within, ATaskThatIsTooSlowIsGivenUpAndGoesOn) {
    bool done = false;
    EXPECT_TRUE(run_task(gives_up_and_then_lets_go(done)));
    EXPECT_TRUE(done);
}

}  // namespace
}  // namespace userd
