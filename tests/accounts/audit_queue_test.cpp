#include "accounts/audit_queue.hpp"

#include <gmock/gmock.h>

namespace userd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

AuditEvent event(const std::string& reason) {
    AuditEvent made;
    made.reason = reason;
    return made;
}

std::vector<std::string> taken(AuditQueue& queue, std::size_t most) {
    std::vector<std::string> reasons;
    for (const AuditEvent& each : queue.take(most))
        reasons.push_back(each.reason);
    return reasons;
}

TEST(AuditQueue, GivesTheOldestFirst) {
    AuditQueue queue;
    for (const char* reason : {"1", "2", "3"})
        queue.push(event(reason));
    EXPECT_THAT(taken(queue, 2), ElementsAre("1", "2"));
    EXPECT_THAT(taken(queue, 2), ElementsAre("3"));
    EXPECT_THAT(taken(queue, 2), IsEmpty());
    EXPECT_EQ(queue.dropped(), 0U);
}

TEST(AuditQueue, WhatDoesNotFitIsCountedAndGone) {
    AuditQueue queue(2);
    for (int i = 0; i < 1000; ++i)
        queue.push(event(std::to_string(i)));
    EXPECT_EQ(queue.dropped(), 998U);
    EXPECT_THAT(taken(queue, 10), ElementsAre("0", "1"));
    queue.push(event("later"));
    EXPECT_THAT(taken(queue, 10), ElementsAre("later"));
}

TEST(AuditQueue, ClosedItTakesNothingIn) {
    AuditQueue queue;
    queue.set_open(false);
    queue.push(event("1"));
    EXPECT_EQ(queue.dropped(), 1U);
    queue.set_open(true);
    queue.push(event("2"));
    queue.count_dropped(3);
    EXPECT_EQ(queue.dropped(), 4U);
    EXPECT_THAT(taken(queue, 10), ElementsAre("2"));
}

}  // namespace
}  // namespace userd
