#include <gmock/gmock.h>

#include "store/store_contract.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::chrono::hours kAge{24};

std::vector<std::int64_t> versions(const std::vector<Event>& events) {
    std::vector<std::int64_t> versions;
    for (const Event& event : events)
        versions.push_back(event.version);
    return versions;
}

/// The same event but for its place in the order.
Event placed(Event event, std::int64_t sequence) {
    event.sequence = sequence;
    return event;
}

class History : public StoreContract {
  protected:
    std::int64_t resend(std::vector<UserId> users, Timestamp since = {}) {
        return run_task(store_->resend_events(std::move(users), {since, false}));
    }
    std::int64_t resend_newest(std::vector<UserId> users) {
        return run_task(store_->resend_events(std::move(users), {Timestamp(), true}));
    }
    /// A user with that many versions, a second apart, all of them sent.
    User sent_user(const std::string& name, int count) {
        const User user = add(name, name + "@example.org").value();
        for (int version = 2; version <= count; ++version) {
            clock_.advance(std::chrono::seconds(1));
            run_task(store_->set_disabled(user.id, version % 2 == 0));
        }
        send_all();
        return user;
    }
    std::vector<Event> send_all() {
        std::vector<Event> events = waiting();
        std::vector<std::int64_t> sequences;
        for (const Event& event : events)
            sequences.push_back(event.sequence);
        remove_sent(sequences);
        return events;
    }
    EventSweep sweep(std::int64_t after = 0, int rows = 100) {
        return run_task(store_->sweep_events(after, rows, kAge));
    }
    std::vector<EventMark> kept() { return run_task(store_->list_events(0, 1'000'000, 1000)); }
    NewestEvent newest_of(const User& user) {
        return run_task(store_->newest_events_of({user.id})).at(0);
    }
};

TEST_P(History, ResentEventsAreTheSameBehindWhatWaits) {
    const User user = add("ada", "ada@example.org").value();
    run_task(store_->set_disabled(user.id, true));
    const std::vector<Event> first = send_all();
    add("bob", "bob@example.org");
    EXPECT_EQ(resend({user.id}), 2);
    const std::vector<Event> again = waiting();
    ASSERT_EQ(again.size(), 3U);
    EXPECT_GT(again[1].sequence, again[0].sequence);
    EXPECT_EQ(again[1], placed(first[0], again[1].sequence));
    EXPECT_EQ(again[2], placed(first[1], again[2].sequence));
}

TEST_P(History, ResendingRunsOnToTheNewestThroughWhatWaits) {
    const User user = sent_user("ada", 3);
    run_task(store_->set_disabled(user.id, true));
    run_task(store_->set_email(user.id, "new@example.org", "new@example.org"));
    EXPECT_EQ(resend({user.id}, clock_.now() - std::chrono::seconds(1)), 4)
        << "version 2 is the first of that time";
    EXPECT_THAT(versions(waiting()), ElementsAre(2, 3, 4, 5));
    EXPECT_EQ(resend({user.id}), 5) << "those that wait come again as well";
    EXPECT_THAT(versions(waiting()), ElementsAre(1, 2, 3, 4, 5));
    run_task(store_->set_disabled(user.id, false));
    EXPECT_THAT(versions(waiting()), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_P(History, WhatTheRelayHoldsOfBeforeIsRemovedWithoutTheResentOne) {
    const User user = add("ada", "ada@example.org").value();
    const std::int64_t in_flight = waiting().at(0).sequence;
    resend({user.id});
    remove_sent({in_flight});
    EXPECT_THAT(versions(waiting()), ElementsAre(1));
}

TEST_P(History, EarlierWaitingEventsOfBeforeTheTimeStayAhead) {
    const User user = add("ada", "ada@example.org").value();
    clock_.advance(std::chrono::seconds(10));
    run_task(store_->set_disabled(user.id, true));
    EXPECT_EQ(resend({user.id}, clock_.now()), 1);
    EXPECT_THAT(versions(waiting()), ElementsAre(1, 2));
}

TEST_P(History, NothingIsResentOfUsersWithoutEventsInTheTime) {
    const User user = sent_user("ada", 2);
    EXPECT_EQ(resend({user.id}, clock_.now() + std::chrono::seconds(1)), 0);
    EXPECT_EQ(resend({UserId::make(clock_.now())}), 0);
    EXPECT_EQ(resend({}), 0);
    EXPECT_THAT(waiting(), IsEmpty());
}

TEST_P(History, OfADeletedUserTheDeletionIsResentAndNoErasedState) {
    const User user = sent_user("ada", 2);
    run_task(store_->delete_user(user.id));
    const Event deletion = waiting().at(0);
    send_all();
    EXPECT_EQ(resend({user.id}), 1);
    EXPECT_THAT(waiting(), ElementsAre(placed(deletion, waiting().at(0).sequence)));
}

TEST_P(History, UnsentEventsOfADeletedUserAreResentUpToTheDeletion) {
    const User user = add("ada", "ada@example.org").value();
    run_task(store_->delete_user(user.id));
    EXPECT_EQ(resend({user.id}), 2);
    EXPECT_THAT(versions(waiting()), ElementsAre(1, 2));
    EXPECT_TRUE(waiting().at(0).state);
}

TEST_P(History, DeletionComesBehindResentEvents) {
    const User user = sent_user("ada", 2);
    resend({user.id});
    run_task(store_->delete_user(user.id));
    EXPECT_THAT(versions(waiting()), ElementsAre(1, 2, 3));
    EXPECT_TRUE(waiting().at(0).state);
    send_all();
    EXPECT_EQ(resend({user.id}), 1) << "their states were erased when they were sent";
}

TEST_P(History, ParkedEventStaysParkedWhenItIsResent) {
    const User user = sent_user("ada", 2);
    run_task(store_->set_disabled(user.id, false));
    run_task(store_->set_disabled(user.id, true));
    park(waiting().at(0).sequence, "too large");
    resend({user.id});
    EXPECT_THAT(versions(waiting()), ElementsAre(1, 2));
    const std::vector<WaitingEvent> parked = run_task(store_->list_parked(0, 10));
    ASSERT_EQ(parked.size(), 1U);
    EXPECT_EQ(parked[0].event.version, 3);
    EXPECT_EQ(parked[0].parked_reason, "too large");
}

TEST_P(History, OnlyTheNewestIsResentOfSeveralUsers) {
    const User ada = sent_user("ada", 3);
    const User bob = sent_user("bob", 2);
    EXPECT_EQ(resend_newest({ada.id, bob.id}), 2);
    const std::vector<Event> again = waiting();
    ASSERT_EQ(again.size(), 2U);
    EXPECT_THAT((std::set<UserId>{again[0].user, again[1].user}), ElementsAre(ada.id, bob.id));
    EXPECT_EQ(again[0].version + again[1].version, 5);
}

TEST_P(History, SweptNewestEventIsRebuiltFromTheUser) {
    const User user = sent_user("ada", 3);
    const Event newest = newest_of(user).event;
    clock_.advance(kAge);
    EXPECT_EQ(sweep().removed, 3);
    const Event rebuilt = newest_of(user).event;
    EXPECT_EQ(rebuilt, placed(newest, 0));
    EXPECT_EQ(resend({user.id}), 1);
    EXPECT_THAT(waiting(), ElementsAre(placed(newest, waiting().at(0).sequence)));
    send_all();
    run_task(store_->set_disabled(user.id, true));
    EXPECT_THAT(versions(waiting()), ElementsAre(4));
}

TEST_P(History, SweptEventOfBeforeTheTimeIsNotRebuilt) {
    const User user = sent_user("ada", 1);
    clock_.advance(kAge);
    sweep();
    EXPECT_EQ(resend({user.id}, clock_.now()), 0);
    EXPECT_THAT(kept(), IsEmpty());
}

TEST_P(History, SweptNewestIsRebuiltWhenAClockThatWasSetBackDatesItBeforeWhatIsResent) {
    const User user = add("ada", "ada@example.org").value();
    const Timestamp since = clock_.now();
    clock_.advance(-std::chrono::hours(2));
    run_task(store_->set_disabled(user.id, true));
    send_all();
    clock_.advance(kAge + std::chrono::hours(1));
    EXPECT_EQ(sweep().removed, 1);
    EXPECT_EQ(resend({user.id}, since), 2);
    EXPECT_THAT(versions(waiting()), ElementsAre(1, 2));
}

TEST_P(History, SequenceOfAResentEventIsNeverUsedAgain) {
    const User user = sent_user("ada", 1);
    resend({user.id});
    const std::int64_t last = waiting().at(0).sequence;
    send_all();
    clock_.advance(kAge);
    EXPECT_EQ(sweep().removed, 1);
    add("bob", "bob@example.org");
    EXPECT_GT(waiting().at(0).sequence, last);
}

TEST_P(History, ResendingNudgesTheRelay) {
    const User user = sent_user("ada", 1);
    std::atomic<int> nudges = 0;
    store_->on_event([&nudges] { ++nudges; });
    resend({user.id});
    resend({UserId::make(clock_.now())});
    store_->on_event({});
    EXPECT_EQ(nudges, 1);
}

TEST_P(History, SweepTakesOldSentEventsAndNeverOneThatWaits) {
    const User user = sent_user("ada", 2);
    add("bob", "bob@example.org");
    clock_.advance(kAge - std::chrono::milliseconds(1));
    EXPECT_EQ(sweep().removed, 1) << "only the first of ada's is a day old";
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(sweep().removed, 1);
    ASSERT_EQ(kept().size(), 1U);
    EXPECT_EQ(kept()[0].sequence, waiting().at(0).sequence);
    EXPECT_EQ(run_task(store_->find_user("ada"))->version, user.version + 1);
}

TEST_P(History, SweepGoesOnInStepsAndEndsWhereEventsAreYoung) {
    sent_user("ada", 4);
    clock_.advance(kAge);
    sent_user("bob", 3);
    const EventSweep first = sweep(0, 2);
    EXPECT_EQ(first.removed, 2);
    EXPECT_GT(first.next, 0);
    const EventSweep second = sweep(first.next, 2);
    EXPECT_EQ(second.removed, 2);
    EXPECT_EQ(sweep(second.next, 2).next, 0);
    EXPECT_EQ(kept().size(), 3U);
    EXPECT_EQ(sweep(0, 100).next, 0);
}

TEST_P(History, SweepOfAnEmptyStoreEndsAtOnce) {
    EXPECT_EQ(sweep().next, 0);
    EXPECT_EQ(sweep().removed, 0);
}

TEST_P(History, SweptEventsGoWhileTheirUserIsDeletedLater) {
    const User user = sent_user("ada", 2);
    clock_.advance(kAge);
    sweep();
    ASSERT_TRUE(run_task(store_->delete_user(user.id)));
    EXPECT_THAT(versions(waiting()), ElementsAre(3));
}

TEST_P(History, EventsAreListedBetweenTwoSequences) {
    sent_user("ada", 4);
    const std::vector<EventMark> all = kept();
    ASSERT_EQ(all.size(), 4U);
    const auto some = run_task(store_->list_events(all[0].sequence, all[2].sequence, 10));
    ASSERT_EQ(some.size(), 2U);
    EXPECT_EQ(some[0].sequence, all[1].sequence);
    EXPECT_EQ(some[1].time, all[2].time);
    EXPECT_EQ(run_task(store_->list_events(0, all[3].sequence, 3)).size(), 3U);
}

TEST_P(History, NewestEventsArePagedByUserAndTellWhatWaits) {
    const User ada = sent_user("ada", 2);
    const User bob = add("bob", "bob@example.org").value();
    const auto all = run_task(store_->newest_events(UserId(), 10));
    ASSERT_EQ(all.size(), 2U);
    EXPECT_LT(all[0].event.user, all[1].event.user);
    EXPECT_EQ(all[0].event.user, ada.id);
    EXPECT_EQ(all[0].event.version, 2);
    EXPECT_TRUE(all[0].event.state->disabled);
    EXPECT_FALSE(all[0].waiting);
    EXPECT_EQ(all[1].event, waiting().at(0));
    EXPECT_TRUE(all[1].waiting);
    EXPECT_EQ(run_task(store_->newest_events(ada.id, 10)).size(), 1U);
    EXPECT_THAT(run_task(store_->newest_events(bob.id, 10)), IsEmpty());
}

TEST_P(History, NewestOfADeletedUserIsTheDeletion) {
    const User user = sent_user("ada", 1);
    run_task(store_->delete_user(user.id));
    NewestEvent newest = newest_of(user);
    EXPECT_EQ(newest.event.type, EventType::user_deleted);
    EXPECT_TRUE(newest.waiting);
    EXPECT_FALSE(newest.event.state);
    send_all();
    EXPECT_FALSE(newest_of(user).waiting);
    EXPECT_THAT(run_task(store_->newest_events(UserId(), 10)), IsEmpty());
    EXPECT_THAT(run_task(store_->newest_events_of({UserId::make(clock_.now())})), IsEmpty());
}

TEST_P(History, RetriedEventGoesAgainBeforeWhatWaitedBehindIt) {
    const User user = add("ada", "ada@example.org").value();
    run_task(store_->set_disabled(user.id, true));
    const Event parked = waiting().at(0);
    park(parked.sequence, "too large");
    EXPECT_EQ(run_task(store_->retry_parked(EventId::make(clock_.now()))), 0);
    EXPECT_EQ(run_task(store_->retry_parked(parked.id)), 1);
    EXPECT_THAT(versions(waiting()), ElementsAre(1, 2));
    // For a relay that has read on meanwhile.
    EXPECT_EQ(
        run_task(store_->waiting_events(parked.sequence, 10, outbox_epoch(*store_))).at(0).previous,
        parked.sequence);
    EXPECT_EQ(run_task(store_->retry_parked(parked.id)), 0) << "it is parked no more";
}

TEST_P(History, AllParkedEventsAreRetriedAtOnce) {
    add("ada", "ada@example.org");
    add("bob", "bob@example.org");
    for (const Event& event : waiting())
        park(event.sequence, "too large");
    EXPECT_EQ(run_task(store_->retry_parked(std::nullopt)), 2);
    EXPECT_EQ(waiting().size(), 2U);
    EXPECT_THAT(run_task(store_->list_parked(0, 10)), IsEmpty());
}

TEST_P(History, DroppedEventIsNotSentAndLetsTheNextGo) {
    const User user = add("ada", "ada@example.org").value();
    run_task(store_->set_disabled(user.id, true));
    const std::vector<Event> all = waiting();
    EXPECT_EQ(run_task(store_->drop_parked(all[0].id)), 0) << "it is not parked";
    park(all[0].sequence, "too large");
    EXPECT_EQ(run_task(store_->drop_parked(all[0].id)), 1);
    EXPECT_THAT(waiting(), ElementsAre(all[1]));
    EXPECT_EQ(run_task(store_->outbox_stats()).parked, 0);
    EXPECT_EQ(run_task(store_->drop_parked(all[0].id)), 0);
}

TEST_P(History, DroppingErasesTheStateOfADeletedUsersEvent) {
    const User user = add("ada", "ada@example.org").value();
    const Event parked = waiting().at(0);
    park(parked.sequence, "too large");
    run_task(store_->delete_user(user.id));
    run_task(store_->drop_parked(parked.id));
    send_all();
    EXPECT_EQ(resend({user.id}), 1) << "nothing but the deletion has something to send";
}

TEST_P(History, ParkedEventsArePaged) {
    for (const char* name : {"a1", "b1", "c1"})
        add(name, std::string(name) + "@example.org");
    const std::vector<Event> all = waiting();
    for (const Event& event : all)
        park(event.sequence, "too large");
    const auto page = run_task(store_->list_parked(all[0].sequence, 1));
    ASSERT_EQ(page.size(), 1U);
    EXPECT_EQ(page[0].event, all[1]);
}

TEST_P(History, LeaseIsReadWithItsHolder) {
    EXPECT_EQ(run_task(store_->read_lease()).holder, "");
    const OutboxClaim claim{"one", std::chrono::seconds(5)};
    const std::int64_t epoch = run_task(store_->lease_outbox(claim))->epoch;
    LeaseState lease = run_task(store_->read_lease());
    EXPECT_EQ(lease.epoch, epoch);
    EXPECT_EQ(lease.holder, "one");
    EXPECT_EQ(lease.until, clock_.now() + std::chrono::seconds(5));
    run_task(store_->release_outbox(epoch));
    lease = run_task(store_->read_lease());
    EXPECT_EQ(lease.epoch, epoch);
    EXPECT_EQ(lease.holder, "");
    EXPECT_FALSE(lease.until);
}

TEST_P(History, StatsTellTheLastSequence) {
    EXPECT_EQ(run_task(store_->outbox_stats()).newest, 0);
    sent_user("ada", 2);
    EXPECT_EQ(run_task(store_->outbox_stats()).newest, kept().back().sequence);
}

INSTANTIATE_TEST_SUITE_P(Backends, History, testing::ValuesIn(backends()),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
}  // namespace userd
