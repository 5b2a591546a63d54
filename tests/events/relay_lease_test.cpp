#include <gmock/gmock.h>

#include "events/relay_fixture.hpp"
#include "support/run_task.hpp"

namespace userd {
namespace {

using std::chrono::milliseconds;
using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kAda = 1;
constexpr int kBob = 2;

Task<void> delay(boost::asio::steady_timer& timer, milliseconds time) {
    timer.expires_after(time);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

/// Until the timer is cancelled, if told so.
Task<void> hang(boost::asio::steady_timer& timer, const bool& is_hanging) {
    if (is_hanging) co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

class RelayLease : public RelayFixture {
  protected:
    /// As another process claims it.
    std::optional<OutboxLease> claim(const std::string& holder, milliseconds duration) {
        return run_task(store.lease_outbox({holder, duration}));
    }
    std::int64_t take_away(milliseconds duration = std::chrono::hours(1)) {
        return store.take_lease("other", duration);
    }
    void keep_in_flight() {
        broker.script = [](std::vector<Event>&) { return std::vector<Delivery>{}; };
    }
};

TEST_F(RelayLease, NothingIsBuiltOrReadBeforeTheLeaseIsHad) {
    store.write(user_number(kAda));
    const std::int64_t epoch = claim("other", std::chrono::hours(1)).value().epoch;
    int claims = 0;
    int reads = 0;
    store.fault = [&](const char* operation, bool after) {
        claims += operation == std::string_view("lease") && after ? 1 : 0;
        reads += operation == std::string_view("read") ? 1 : 0;
    };
    ASSERT_TRUE(relay_until([&] { return claims >= 5; }));
    EXPECT_EQ(broker.publishers, 0);
    EXPECT_EQ(reads, 0);
    EXPECT_TRUE(stats.standby);
    EXPECT_FALSE(stats.leading);
    EXPECT_EQ(stats.last_error, "");
    EXPECT_EQ(claim("other", milliseconds(1)).value().epoch, epoch) << "a standby releases nothing";
}

TEST_F(RelayLease, NothingIsReadBeforeThePublisherHasGotHoldOfTheTopic) {
    store.write(user_number(kAda));
    broker.is_ready = false;
    int reads = 0;
    bool was_unready_long = false;
    store.fault = [&](const char* operation, bool) {
        reads += operation == std::string_view("read") ? 1 : 0;
    };
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(relay_until([&] {
        if (!was_unready_long && std::chrono::steady_clock::now() - start > milliseconds(50)) {
            was_unready_long = true;
            EXPECT_EQ(broker.publishers, 1);
            EXPECT_EQ(reads, 0);
            broker.is_ready = true;
        }
        return store.waiting().empty();
    }));
    EXPECT_TRUE(was_unready_long);
}

TEST_F(RelayLease, AStandbyTakesOverWhenTheLeaseRunsOut) {
    store.write(user_number(kAda));
    claim("other", milliseconds(30));
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(versions_in_topic(user_number(kAda)), ElementsAre(1));
    EXPECT_EQ(stats.epoch, 2);
    EXPECT_EQ(stats.producer_restarts, 0U);
}

TEST_F(RelayLease, StoppedItGivesTheLeaseBackAfterTheLastRemoval) {
    store.write(user_number(kAda));
    std::vector<std::string> operations;
    store.fault = [&](const char* operation, bool after) {
        if (after && operation != std::string_view("lease")) operations.emplace_back(operation);
    };
    ASSERT_TRUE(relay_until([this] { return !broker.topic.empty(); }));
    EXPECT_THAT(store.waiting(), IsEmpty());
    ASSERT_THAT(operations, Not(IsEmpty()));
    EXPECT_EQ(operations.back(), "release");
    EXPECT_TRUE(claim("other", milliseconds(1))) << "at once, and the lease is of seconds";
}

TEST_F(RelayLease, NoClaimFollowsTheRelease) {
    settings.lease = milliseconds(20);
    store.write(user_number(kAda));
    ASSERT_TRUE(relay_until_nothing_waits());
    context.restart();
    context.run_for(milliseconds(50));
    store.fault = [](const char*, bool) {
        FAIL() << "an ended relay asks the store for something";
    };
    context.restart();
    context.run_for(milliseconds(50));
    store.fault = [](const char*, bool) {};
    EXPECT_TRUE(claim("other", milliseconds(1)));
}

// What a process meets that was stopped after it read, and continues when another has taken over.
TEST_F(RelayLease, LostInMidFlightItDropsThePublisherAndWritesNothingBack) {
    store.write(user_number(kAda));
    store.write(user_number(kBob));
    std::int64_t other = 0;
    broker.script = [&](std::vector<Event>& in_flight) {
        if (in_flight.size() < 2 || other != 0) return std::vector<Delivery>{};
        other = take_away();
        return broker.acknowledge_all(in_flight);
    };
    ASSERT_TRUE(relay_until([&] { return other != 0 && broker.alive == 0; }));
    EXPECT_THAT(store.waiting(), SizeIs(2)) << "the new holder's, whatever the former one has sent";
    EXPECT_EQ(broker.publishers, 1);
    EXPECT_EQ(stats.producer_restarts, 0U);
    EXPECT_NO_THROW(run_task(store.waiting_events(0, 10, other))) << "the lease is not taken back";
}

TEST_F(RelayLease, ARenewalThatFindsAnotherHolderDropsWhatIsInFlight) {
    settings.lease = milliseconds(150);
    settings.look_every = std::chrono::hours(1);
    store.write(user_number(kAda));
    keep_in_flight();
    bool is_taken = false;
    ASSERT_TRUE(relay_until([&] {
        if (broker.most_in_flight == 1 && !std::exchange(is_taken, true)) take_away();
        return is_taken && broker.alive == 0;
    }));
    EXPECT_EQ(broker.publishers, 1);
    EXPECT_TRUE(stats.standby);
}

TEST_F(RelayLease, WhatWasAcknowledgedUnderAFormerEpochIsSentAgainNotRemoved) {
    // Else a second holder that has sent version 1 again and died would leave it as the last one.
    store.write(user_number(kAda));
    store.write(user_number(kAda));
    int acknowledged = 0;
    std::int64_t other = 0;
    broker.script = [&](std::vector<Event>& in_flight) {
        std::vector<Delivery> deliveries = broker.acknowledge_all(in_flight);
        acknowledged += static_cast<int>(deliveries.size());
        return deliveries;
    };
    store.fault = [&](const char* operation, bool after) {
        if (operation == std::string_view("remove") && !after && acknowledged >= 1 && other == 0)
            other = take_away(milliseconds(10));
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    // Version 2 may have gone out, too, while the removal of 1 was on its way.
    EXPECT_THAT(versions_in_topic(user_number(kAda)),
                AnyOf(ElementsAre(1, 1, 2), ElementsAre(1, 2, 1, 2)));
    EXPECT_EQ(stats.epoch, other + 1);
}

TEST_F(RelayLease, AStoreThatDoesNotRenewItEndsItByOurClock) {
    settings.lease = milliseconds(60);
    store.write(user_number(kAda));
    keep_in_flight();
    bool is_away = false;
    store.fault = [&](const char*, bool) {
        if (is_away) throw StoreUnavailable("the network is away");
    };
    ASSERT_TRUE(relay_until([&] {
        if (broker.most_in_flight == 1) is_away = true;
        return is_away && broker.alive == 0;
    }));
    EXPECT_FALSE(stats.leading);
    EXPECT_EQ(stats.last_error, "the network is away");
    EXPECT_EQ(broker.publishers, 1) << "none is made before the store has confirmed the lease";
}

TEST_F(RelayLease, AStoreThatHangsEndsItByOurClock) {
    settings.lease = milliseconds(60);
    store.write(user_number(kAda));
    keep_in_flight();
    boost::asio::steady_timer never(context, std::chrono::hours(1));
    bool is_hanging = false;
    store.before_lease = [&]() -> Task<void> { return hang(never, is_hanging); };
    bool is_dropped = false;
    ASSERT_TRUE(relay_until([&] {
        if (broker.most_in_flight == 1) is_hanging = true;
        if (!is_hanging || broker.alive > 0) return false;
        is_dropped = true;
        is_hanging = false;
        never.cancel();
        return true;
    }));
    EXPECT_TRUE(is_dropped);
}

TEST_F(RelayLease, AnAnswerThatComesTooLateIsNoLease) {
    settings.lease = milliseconds(20);
    store.write(user_number(kAda));
    boost::asio::steady_timer late(context);
    int claims = 0;
    store.before_lease = [&]() -> Task<void> {
        return delay(late, ++claims < 4 ? milliseconds(40) : milliseconds(0));
    };
    int publishers_then = -1;
    ASSERT_TRUE(relay_until([&] {
        if (claims == 3) publishers_then = broker.publishers;
        return store.waiting().empty();
    }));
    EXPECT_EQ(publishers_then, 0);
}

TEST_F(RelayLease, BrokersThatAreAwayDoNotCostTheLease) {
    settings.lease = milliseconds(600);
    store.write(user_number(kAda));
    keep_in_flight();
    int claims = 0;
    store.fault = [&](const char* operation, bool after) {
        claims += operation == std::string_view("lease") && after ? 1 : 0;
    };
    ASSERT_TRUE(relay_until([&] { return claims >= 5; }));
    EXPECT_EQ(stats.epoch, 1);
    EXPECT_EQ(broker.publishers, 1);
}

TEST_F(RelayLease, APublisherThatIsFencedIsReplacedAfterTheLeaseIsConfirmed) {
    store.write(user_number(kAda));
    std::vector<std::string> steps;
    store.fault = [&](const char* operation, bool after) {
        if (after && operation == std::string_view("lease")) steps.emplace_back("lease");
    };
    before_making = [&] { steps.emplace_back("publisher"); };
    bool is_fenced = false;
    broker.script = [&](std::vector<Event>& in_flight) {
        if (in_flight.empty() || std::exchange(is_fenced, true))
            return broker.acknowledge_all(in_flight);
        steps.emplace_back("fenced");
        return std::vector<Delivery>{
            FakeBroker::end(in_flight, 0, Delivery::Outcome::failed, "fenced")};
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_THAT(steps, ElementsAre("lease", "publisher", "fenced", "lease", "publisher"));
}

TEST_F(RelayLease, OfTwoRelaysOneSendsAndTheOtherTakesOver) {
    for (int i = 0; i < 20; ++i)
        store.write(user_number(i % 3));
    settings.lease = milliseconds(100);
    RelaySettings other_settings = settings;
    other_settings.holder = "other";
    Relay other(store, factory(), other_settings);
    boost::asio::co_spawn(context, other.run(), boost::asio::detached);
    ASSERT_TRUE(relay_until_nothing_waits());
    EXPECT_EQ(broker.publishers, 1);
    store.write(user_number(kAda));
    if (other.stats().leading) other.stop();
    ASSERT_TRUE(relay_until_nothing_waits());
    other.stop();
    context.restart();
    context.run();
    EXPECT_FALSE(broker.is_order_broken);
}

TEST_F(RelayLease, AReplicaFindsWhatOthersWroteWithoutANudge) {
    settings.look_every = std::chrono::hours(1);
    settings.poll = milliseconds(2);
    ASSERT_TRUE(relay_until([&] {
        if (broker.publishers == 1 && store.history().empty()) store.write(user_number(kAda));
        return !store.history().empty() && store.waiting().empty();
    }));
}

TEST_F(RelayLease, AReplicaFindsSoonWhatBecameVisibleLate) {
    settings.look_every = std::chrono::hours(1);
    settings.poll = milliseconds(2);
    const Event late = store.write(user_number(kAda));
    store.write(user_number(kBob));
    store.hide(late.sequence);
    ASSERT_TRUE(relay_until([&] {
        if (store.outbox().size() == 1) store.show();
        return store.outbox().empty();
    }));
}

TEST_F(RelayLease, WithoutPollingAnIdleRelayReadsNothing) {
    settings.look_every = std::chrono::hours(1);
    int reads = 0;
    store.fault = [&](const char* operation, bool after) {
        reads += operation == std::string_view("read") && after ? 1 : 0;
    };
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(
        relay_until([&] { return std::chrono::steady_clock::now() - start > milliseconds(100); }));
    EXPECT_EQ(reads, 1);
}

TEST_F(RelayLease, WhatWasRolledBackIsSentAgainInOrder) {
    for (int i = 0; i < 4; ++i)
        store.write(user_number(i));
    bool is_first = true;
    broker.script = [&](std::vector<Event>& in_flight) {
        if (!std::exchange(is_first, in_flight.empty() && is_first))
            return broker.acknowledge_all(in_flight);
        std::vector<Delivery> deliveries;
        while (!in_flight.empty())
            deliveries.push_back(FakeBroker::end(in_flight, in_flight.size() - 1,
                                                 Delivery::Outcome::rolled_back, ""));
        return deliveries;
    };
    ASSERT_TRUE(relay_until_nothing_waits());
    std::vector<std::int64_t> sequences;
    for (const Event& event : broker.topic)
        sequences.push_back(event.sequence);
    EXPECT_THAT(sequences, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(broker.publishers, 1);
}

}  // namespace
}  // namespace userd
