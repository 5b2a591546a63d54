#include "events/send_window.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "events/fake_store.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
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

/// A broker that refuses every batch with a bad event in it, whole, as Kafka does.
class BatchesTest : public testing::TestWithParam<std::set<std::int64_t>> {};

TEST_P(BatchesTest, OnlyTheBadOnesAreParkedAfterFewRounds) {
    constexpr std::int64_t kEvents = 2000;
    SendWindow window(kEvents);
    for (std::int64_t sequence = 1; sequence <= kEvents; ++sequence) {
        Event event;
        event.sequence = sequence;
        event.user = user_number(static_cast<int>(sequence));
        window.add(std::move(event));
    }
    std::set<std::int64_t> parked;
    int rounds = 0;
    for (; window.size() > 0 && rounds < kEvents; ++rounds) {
        std::vector<std::int64_t> batch;
        while (const Event* event = window.next()) {
            batch.push_back(event->sequence);
            window.mark_sent();
        }
        ASSERT_THAT(batch, Not(IsEmpty()));
        const bool is_bad = std::any_of(batch.begin(), batch.end(),
                                        [](auto one) { return GetParam().contains(one); });
        for (const std::int64_t sequence : batch)
            if (!is_bad)
                window.acknowledge(sequence);
            else if (window.refuse(sequence) == Verdict::never)
                parked.insert(sequence);
    }
    EXPECT_EQ(parked, GetParam());
    // Two halves a level, eleven levels.
    EXPECT_LE(rounds, 1 + 22 * static_cast<int>(std::max<std::size_t>(GetParam().size(), 1)));
}

INSTANTIATE_TEST_SUITE_P(Of2000, BatchesTest,
                         testing::Values(std::set<std::int64_t>{}, std::set<std::int64_t>{1},
                                         std::set<std::int64_t>{2000}, std::set<std::int64_t>{777},
                                         std::set<std::int64_t>{1, 2, 1999},
                                         std::set<std::int64_t>{500, 1000, 1500}));

TEST_F(SendWindowTest, SuspectsForWhichThePublisherHasNoRoomStaySuspects) {
    for (const int user : {1, 2, 3, 4})
        add(user, user);
    ASSERT_THAT(send_all(), ElementsAre(1, 2, 3, 4));
    for (const std::int64_t sequence : {1, 2, 3, 4})
        ASSERT_EQ(window_.refuse(sequence), Verdict::retry);
    ASSERT_EQ(window_.next()->sequence, 1);
    window_.mark_sent();  // and 2 was not taken
    EXPECT_TRUE(window_.acknowledge(1));
    EXPECT_THAT(send_all(), ElementsAre(2)) << "alone";
    EXPECT_EQ(window_.refuse(2), Verdict::never);
    EXPECT_THAT(send_all(), ElementsAre(3, 4)) << "the other half";
    for (const std::int64_t sequence : {3, 4})
        EXPECT_TRUE(window_.acknowledge(sequence));
    EXPECT_EQ(window_.size(), 0U);
}

TEST_F(SendWindowTest, ASuspectsNextEventWaitsForAllSuspects) {
    add(1, 1);
    add(2, 1);
    add(3, 2);
    ASSERT_THAT(send_all(), ElementsAre(1, 3));
    window_.refuse(1);
    window_.refuse(3);
    ASSERT_THAT(send_all(), ElementsAre(1));
    window_.acknowledge(1);
    ASSERT_THAT(send_all(), ElementsAre(3));
    EXPECT_EQ(window_.refuse(3), Verdict::never);
    EXPECT_THAT(send_all(), ElementsAre(2));
}

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
