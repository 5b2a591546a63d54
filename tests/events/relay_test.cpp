#include "events/relay.hpp"

#include <gmock/gmock.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <numeric>

#include "events/relay_fixture.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using RelayTest = RelayFixture;

const UserId kAda = user_number(1);
const UserId kBob = user_number(2);

TEST_F(RelayTest, SendsEachUsersEventsInOrderOneAtATime) {
    for (int i = 0; i < 50; ++i) {
        store.write(kAda);
        if (i % 2 == 0) store.write(kBob);
    }
    ASSERT_TRUE(relay_until_nothing_waits());
    std::vector<std::int64_t> all(50);
    std::iota(all.begin(), all.end(), 1);
    EXPECT_EQ(versions_in_topic(kAda), all);
    all.resize(25);
    EXPECT_EQ(versions_in_topic(kBob), all);
    EXPECT_FALSE(broker.is_order_broken);
    EXPECT_EQ(stats.sent, 75u);
    EXPECT_TRUE(stats.connected);
    EXPECT_EQ(stats.last_error, "");
}

/// Answers of a store that takes its time, so that others of its operations end meanwhile.
class SlowReads : public RelayFixture {
  protected:
    SlowReads() {
        settings.look_every = std::chrono::milliseconds(1);
        store.after_read = [this]() -> Task<void> {
            boost::asio::steady_timer timer(context, std::chrono::milliseconds(3));
            co_await timer.async_wait(boost::asio::use_awaitable);
        };
    }
};

TEST_F(SlowReads, WhatWasRemovedMeanwhileIsNotSentAgain) {
    std::vector<std::int64_t> all(40);
    std::iota(all.begin(), all.end(), 1);
    for (std::size_t i = 0; i < all.size(); ++i)
        store.write(kAda);
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_EQ(versions_in_topic(kAda), all);
}

TEST_F(SlowReads, BehindWhatWasParkedMeanwhileNothingIsSent) {
    for (int i = 0; i < 5; ++i) {
        store.write(kAda);
        store.write(kBob);
    }
    broker.script = [this](std::vector<Event>& in_flight) {
        for (const Event& event : in_flight)
            if (event.user == kAda && event.version == 2)
                return std::vector{
                    FakeBroker::end(in_flight, 0, Delivery::Outcome::refused, "too large")};
        return broker.acknowledge_all(in_flight);
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(versions_in_topic(kAda), ElementsAre(1));
    EXPECT_THAT(versions_in_topic(kBob), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_THAT(store.parked(), SizeIs(1));
}

TEST_F(RelayTest, WaitingForAStoreThatFailsTakesNoProcessorTime) {
    settings.retry_first = settings.retry_most = std::chrono::hours(1);
    for (const char* failing : {"remove", "read"}) {
        store.write(kAda);
        store.fault = [&](const char* operation, bool after) {
            if (!after && operation == std::string_view(failing))
                throw std::runtime_error("the disk is full");
        };
        Relay relay(store, factory(), settings);
        boost::asio::co_spawn(context, relay.run(), boost::asio::detached);
        context.restart();
        context.run_for(std::chrono::milliseconds(30));  // the failure is behind it
        context.restart();
        EXPECT_LT(context.run_for(std::chrono::milliseconds(100)), 2000u) << failing;
        store.fault = [](const char*, bool) {};
        relay.stop();
        context.restart();
        context.run_for(std::chrono::milliseconds(50));
    }
}

TEST_F(RelayTest, ReadsThatSucceedDoNotHideThatRemovalsFail) {
    settings.retry_first = std::chrono::milliseconds(1);
    settings.retry_most = std::chrono::hours(1);
    int removals = 0;
    store.write(kAda);
    store.fault = [&](const char* operation, bool after) {
        if (after || operation != std::string_view("remove")) return;
        ++removals;
        throw std::runtime_error("the disk is full");
    };
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    ASSERT_TRUE(relay_until([&] { return std::chrono::steady_clock::now() > end; }));
    EXPECT_LT(removals, 12) << "pauses double, from 1 ms";
    EXPECT_THAT(stats.last_error, HasSubstr("the disk is full"));
}

TEST_F(RelayTest, AnEventWrittenLaterNeedsNoNudge) {
    store.write(kAda);
    bool has_written = false;
    EXPECT_TRUE(relay_until([&] {
        if (store.outbox().empty() && !has_written) {
            has_written = true;
            store.write(kBob);
        }
        return has_written && store.outbox().empty();
    }));
}

TEST_F(RelayTest, NudgeIsEnough) {
    settings.look_every = std::chrono::hours(1);
    Relay relay(store, factory(), settings);
    boost::asio::co_spawn(context, relay.run(), boost::asio::detached);
    context.run_for(std::chrono::milliseconds(5));
    store.write(kAda);
    relay.nudge();
    for (int i = 0; i < 1000 && !store.outbox().empty(); ++i) {
        context.restart();
        context.run_one_for(std::chrono::milliseconds(5));
    }
    EXPECT_THAT(store.outbox(), IsEmpty());
    relay.stop();
    context.restart();
    context.run();
}

TEST_F(RelayTest, NothingIsRemovedBeforeItsAcknowledgement) {
    for (int i = 1; i <= 5; ++i)
        store.write(user_number(i));
    broker.script = [this](std::vector<Event>& in_flight) {
        // Only the last is acknowledged, and of the five that wait only that one may go.
        std::vector<Delivery> deliveries;
        if (!in_flight.empty() && in_flight.back().user == user_number(5))
            deliveries.push_back(broker.acknowledge(in_flight, in_flight.size() - 1));
        return deliveries;
    };
    ASSERT_TRUE(relay_until([this] { return store.outbox().size() < 5; }));
    EXPECT_THAT(store.waiting(), ElementsAre(1, 2, 3, 4));
}

TEST_F(RelayTest, AFailureSendsAgainFromTheLowestUnacknowledged) {
    for (int i = 0; i < 3; ++i) {
        store.write(kAda);
        store.write(kBob);
    }
    bool has_failed = false;
    broker.script = [&](std::vector<Event>& in_flight) {
        std::vector<Delivery> deliveries;
        if (!has_failed && in_flight.size() == 2) {
            has_failed = true;
            deliveries.push_back(broker.acknowledge(in_flight, 1));
            // Written, and its acknowledgement lost.
            broker.topic.push_back(in_flight[0]);
            deliveries.push_back(
                FakeBroker::end(in_flight, 0, Delivery::Outcome::failed, "fenced"));
            return deliveries;
        }
        return broker.acknowledge_all(in_flight);
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(versions_in_topic(kAda), ElementsAre(1, 1, 2, 3));
    EXPECT_THAT(versions_in_topic(kBob), ElementsAre(1, 2, 3));
    EXPECT_EQ(broker.publishers, 2);
    EXPECT_EQ(broker.alive, 0);
    EXPECT_EQ(stats.producer_restarts, 1u);
    EXPECT_EQ(stats.delivery_errors, 1u);
}

TEST_F(RelayTest, AnUnknownTopicPausesAndParksNothing) {
    store.write(kAda);
    int answers = 0;
    broker.script = [&](std::vector<Event>& in_flight) {
        if (in_flight.empty() || ++answers > 3) return broker.acknowledge_all(in_flight);
        return std::vector<Delivery>{
            FakeBroker::end(in_flight, 0, Delivery::Outcome::topic_error, "unknown topic")};
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(store.parked(), IsEmpty());
    EXPECT_THAT(versions_in_topic(kAda), ElementsAre(1));
    EXPECT_EQ(stats.last_error, "");
}

TEST_F(RelayTest, TheReasonOfAFailureIsTold) {
    store.write(kAda);
    settings.retry_first = settings.retry_most = std::chrono::hours(1);
    broker.script = [](std::vector<Event>& in_flight) {
        std::vector<Delivery> deliveries;
        if (!in_flight.empty())
            deliveries.push_back(
                FakeBroker::end(in_flight, 0, Delivery::Outcome::failed, "fenced"));
        return deliveries;
    };
    // stop() is heard within the pause of an hour.
    ASSERT_TRUE(relay_until([this] { return broker.publishers == 1 && broker.alive == 0; }));
    EXPECT_EQ(stats.last_error, "fenced");
    EXPECT_FALSE(stats.connected);
    EXPECT_THAT(store.waiting(), ElementsAre(1));
}

TEST_F(RelayTest, AParkedEventHoldsBackItsUsersLaterEventsOnly) {
    store.write(kAda);
    const Event poison = store.write(kAda);
    store.write(kBob);
    store.write(kAda);
    store.write(kBob);
    broker.script = [&](std::vector<Event>& in_flight) {
        std::vector<Delivery> deliveries;
        while (!in_flight.empty())
            deliveries.push_back(
                in_flight[0].sequence == poison.sequence
                    ? FakeBroker::end(in_flight, 0, Delivery::Outcome::refused, "too large")
                    : broker.acknowledge(in_flight, 0));
        return deliveries;
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(versions_in_topic(kAda), ElementsAre(1));
    EXPECT_THAT(versions_in_topic(kBob), ElementsAre(1, 2));
    EXPECT_THAT(store.parked(), ElementsAre(testing::Pair(poison.sequence, "too large")));
    EXPECT_THAT(store.outbox(), SizeIs(2)) << "the parked one and the one behind it are kept";
    EXPECT_EQ(stats.parked, 1u);
    EXPECT_EQ(broker.publishers, 1);
}

TEST_F(RelayTest, AnEventRefusedWithItsNeighboursIsNotParked) {
    for (int i = 1; i <= 20; ++i)
        store.write(user_number(i));
    // As a broker does with a batch over the topic's limit: all of it is refused.
    broker.script = [this](std::vector<Event>& in_flight) {
        if (in_flight.size() < 2) return broker.acknowledge_all(in_flight);
        std::vector<Delivery> deliveries;
        while (!in_flight.empty())
            deliveries.push_back(
                FakeBroker::end(in_flight, 0, Delivery::Outcome::refused, "batch too large"));
        return deliveries;
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(store.parked(), IsEmpty());
    EXPECT_THAT(broker.topic, SizeIs(20));
}

TEST_F(RelayTest, AParkThatTheStoreDoesNotTakeIsTriedAgain) {
    const Event poison = store.write(kAda);
    store.write(kAda);
    store.write(kBob);
    int failures = 0;
    store.fault = [&](const char* operation, bool after) {
        if (std::string_view(operation) == "park" && !after && ++failures <= 3)
            throw StoreUnavailable("disk full");
    };
    broker.script = [&](std::vector<Event>& in_flight) {
        std::vector<Delivery> deliveries;
        while (!in_flight.empty())
            deliveries.push_back(
                in_flight[0].sequence == poison.sequence
                    ? FakeBroker::end(in_flight, 0, Delivery::Outcome::refused, "too large")
                    : broker.acknowledge(in_flight, 0));
        return deliveries;
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(versions_in_topic(kAda), IsEmpty());
    EXPECT_THAT(store.parked(), SizeIs(1));
    EXPECT_EQ(broker.publishers, 1) << "a failing store is no reason for a new producer";
}

TEST_F(RelayTest, ARemovalThatFailsIsTriedAgainAndNothingIsSentTwice) {
    for (int i = 0; i < 10; ++i)
        store.write(user_number(i % 3));
    int failures = 0;
    store.fault = [&](const char* operation, bool after) {
        if (std::string_view(operation) == "remove" && ++failures <= 5)
            throw StoreUnavailable(after ? "lost the answer" : "busy");
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(broker.topic, SizeIs(10));
    EXPECT_GE(failures, 6);
    EXPECT_EQ(stats.delivery_errors, 0u);
    EXPECT_EQ(stats.last_error, "");
}

TEST_F(RelayTest, AStoreThatCannotBeReadIsReported) {
    store.write(kAda);
    int reads = 0;
    store.fault = [&](const char* operation, bool) {
        if (std::string_view(operation) != "read") return;
        ++reads;
        throw StoreUnavailable("the disk is full");
    };
    settings.retry_first = settings.retry_most = std::chrono::milliseconds(50);
    ASSERT_TRUE(relay_until([&] { return reads > 0; }));
    EXPECT_THAT(stats.last_error, HasSubstr("the disk is full"));
    EXPECT_EQ(stats.producer_restarts, 0u);
    EXPECT_LT(reads, 10) << "it waits between tries";
}

TEST_F(RelayTest, TheWindowIsABound) {
    settings.window = 8;
    settings.batch = 1000;
    for (int i = 0; i < 100; ++i)
        store.write(user_number(i));
    bool is_full = false;
    broker.script = [&](std::vector<Event>& in_flight) {
        is_full |= in_flight.size() == 8;
        return is_full ? broker.acknowledge_all(in_flight) : std::vector<Delivery>{};
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_EQ(broker.most_in_flight, 8u);
    EXPECT_LE(store.largest_read(), 8);
    EXPECT_THAT(broker.topic, SizeIs(100));
}

TEST_F(RelayTest, AFullQueueOfThePublisherLosesNothing) {
    broker.queue_limit = 3;
    for (int i = 0; i < 50; ++i)
        store.write(user_number(i));
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(broker.topic, SizeIs(50));
}

TEST_F(RelayTest, AnEventThatBecomesVisibleLateIsNotOvertakenByItsUsersNext) {
    settings.look_every = std::chrono::hours(1);
    settings.poll = std::chrono::milliseconds(1);
    settings.window = 100;
    settings.batch = 10;
    bool is_open = false;
    broker.script = [&](std::vector<Event>& in_flight) {
        return is_open ? broker.acknowledge_all(in_flight) : std::vector<Delivery>();
    };
    const Event late = store.write(kAda);
    store.hide(late.sequence);
    // So many are out that the outbox is not read from its start.
    for (int i = 0; i < 20; ++i)
        store.write(user_number(100 + i));
    std::int64_t next = 0;
    int looks = 0;
    ASSERT_TRUE(relay_until([&] {
        if (broker.handed_over.size() == 20 && next == 0) {
            store.show();
            next = store.write(kAda).sequence;
        }
        // What came after the cursor was read by then.
        if (next != 0 && ++looks > 50) is_open = true;
        return store.outbox().empty();
    }));
    EXPECT_THAT(versions_in_topic(kAda), ElementsAre(1, 2));
}

TEST_F(RelayTest, AnEventThatBecomesVisibleLateIsSent) {
    // Of two transactions the one with the higher number may commit first.
    const Event late = store.write(kAda);
    store.write(kBob);
    store.hide(late.sequence);
    ASSERT_TRUE(relay_until([&] {
        if (store.outbox().size() == 1) store.show();
        return store.outbox().empty();
    }));
    EXPECT_THAT(versions_in_topic(kAda), ElementsAre(1));
}

TEST_F(RelayTest, SilenceOfTheBrokersIsTrouble) {
    store.write(kAda);
    settings.patience = std::chrono::milliseconds(3);
    broker.script = [](std::vector<Event>&) { return std::vector<Delivery>{}; };
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(relay_until(
        [&] { return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(100); }));
    EXPECT_NE(stats.last_error, "");
    EXPECT_FALSE(stats.connected);
}

TEST_F(RelayTest, StopsWithEventsInFlightAndKeepsThem) {
    for (int i = 0; i < 10; ++i)
        store.write(user_number(i));
    broker.script = [](std::vector<Event>&) { return std::vector<Delivery>{}; };
    settings.look_every = std::chrono::hours(1);
    ASSERT_TRUE(relay_until([this] { return broker.most_in_flight == 10; }));
    EXPECT_THAT(store.waiting(), SizeIs(10));
    EXPECT_FALSE(has_thrown);
}

TEST_F(RelayTest, APublisherThatCannotBeMadeIsTriedAgain) {
    store.write(kAda);
    int tries = 0;
    before_making = [&] {
        if (++tries < 4) throw std::runtime_error("no such file");
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_EQ(tries, 4);
    EXPECT_FALSE(has_thrown);
}

TEST_F(RelayTest, NudgeStopAndStatsFromOtherThreads) {
    Relay relay(store, factory(), settings);
    boost::asio::co_spawn(context, relay.run(), boost::asio::detached);
    std::thread loop([this] { context.run(); });
    std::vector<std::thread> writers;
    for (int thread = 0; thread < 3; ++thread)
        writers.emplace_back([&, thread] {
            for (int i = 0; i < 100; ++i) {
                store.write(user_number(thread));
                relay.nudge();
                (void)relay.stats();
            }
        });
    for (std::thread& writer : writers)
        writer.join();
    while (!store.outbox().empty())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    relay.stop();
    loop.join();
    EXPECT_THAT(broker.topic, SizeIs(300));
    EXPECT_EQ(relay.stats().sent, 300u);
}

}  // namespace
}  // namespace userd
