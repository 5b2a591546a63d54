#include "events/send_window.hpp"

#include <gmock/gmock.h>

#include "events/fake_store.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = SendWindow::Verdict;

class SendWindowTest : public testing::Test {
  protected:
    void add(std::int64_t sequence, int user) {
        Event event;
        event.sequence = sequence;
        event.user = user_number(user);
        window_.add(std::move(event));
    }
    /// Hands over all that may go out now.
    std::vector<std::int64_t> send_all() {
        std::vector<std::int64_t> sequences;
        while (const Event* event = window_.next()) {
            sequences.push_back(event->sequence);
            window_.mark_sent();
            if (sequences.size() > 100) throw std::logic_error("next() does not end");
        }
        return sequences;
    }
    SendWindow window_{100};
};

TEST_F(SendWindowTest, RolledBackEventsGoOutAgainInOrderBeforeLaterOnes) {
    for (const int user : {1, 2, 3})
        add(user, user);
    ASSERT_THAT(send_all(), ElementsAre(1, 2, 3));
    add(4, 4);
    for (const std::int64_t sequence : {3, 1, 2})
        EXPECT_TRUE(window_.roll_back(sequence));
    EXPECT_EQ(window_.in_flight(), 0U);
    EXPECT_THAT(send_all(), ElementsAre(1, 2, 3, 4));
}

TEST_F(SendWindowTest, ARolledBackEventStillHoldsBackItsUsersNext) {
    add(1, 1);
    add(2, 1);
    ASSERT_THAT(send_all(), ElementsAre(1));
    window_.roll_back(1);
    EXPECT_THAT(send_all(), ElementsAre(1));
    EXPECT_TRUE(window_.acknowledge(1));
    EXPECT_THAT(send_all(), ElementsAre(2));
}

TEST_F(SendWindowTest, TheRefusedOneOfATransactionGoesAloneBeforeTheOthersGoAgain) {
    for (const int user : {1, 2, 3})
        add(user, user);
    send_all();
    window_.roll_back(1);
    EXPECT_EQ(window_.refuse(2), Verdict::retry);
    window_.roll_back(3);
    EXPECT_THAT(send_all(), ElementsAre(2));
    EXPECT_EQ(window_.refuse(2), Verdict::never);
    EXPECT_THAT(send_all(), ElementsAre(1, 3));
}

TEST_F(SendWindowTest, ASuspectThatIsRolledBackStaysASuspectAndGoesAlone) {
    for (const int user : {1, 2})
        add(user, user);
    send_all();
    window_.refuse(1);
    window_.roll_back(2);
    ASSERT_THAT(send_all(), ElementsAre(1));
    EXPECT_TRUE(window_.roll_back(1));
    EXPECT_THAT(send_all(), ElementsAre(1)) << "alone";
    EXPECT_EQ(window_.refuse(1), Verdict::never) << "it had its second try";
    EXPECT_THAT(send_all(), ElementsAre(2));
}

TEST_F(SendWindowTest, WhatIsNotOutCannotBeRolledBack) {
    add(1, 1);
    EXPECT_FALSE(window_.roll_back(1));
    EXPECT_FALSE(window_.roll_back(7));
    ASSERT_THAT(send_all(), ElementsAre(1));
    window_.acknowledge(1);
    EXPECT_FALSE(window_.roll_back(1));
    EXPECT_THAT(send_all(), IsEmpty());
}

}  // namespace
}  // namespace userd
