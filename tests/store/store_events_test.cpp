#include <gmock/gmock.h>

#include <future>

#include "store/store_contract.hpp"

namespace userd {
namespace {

using testing::ElementsAre;

constexpr char kTraceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::vector<std::int64_t> versions(const std::vector<Event>& events) {
    std::vector<std::int64_t> versions;
    for (const Event& event : events)
        versions.push_back(event.version);
    return versions;
}

TEST_P(StoreContract, RegistrationWritesItsEvent) {
    const NewUser user = make_new_user("Ada", "Ada@example.org");
    ASSERT_TRUE(run_task(store_->add_user(user, kTraceparent)));
    const std::vector<Event> events = waiting();
    ASSERT_EQ(events.size(), 1U);
    const Event& event = events[0];
    EXPECT_EQ(event.type, EventType::user_registered);
    EXPECT_EQ(event.user, user.id);
    EXPECT_EQ(event.version, 1);
    EXPECT_EQ(event.time, clock_.now());
    EXPECT_EQ(event.traceparent, kTraceparent);
    const UserState state{"Ada", "Ada@example.org", clock_.now(), clock_.now(), false};
    EXPECT_EQ(event.state, state);
}

TEST_P(StoreContract, EachChangeWritesTheWholeStateAndTheNextVersion) {
    const User user = ada();
    clock_.advance(std::chrono::seconds(1));
    run_task(store_->set_email(user.id, "new@example.org", "new@example.org"));
    run_task(store_->set_disabled(user.id, true));
    run_task(store_->set_disabled(user.id, false));
    run_task(store_->delete_user(user.id));
    const std::vector<Event> events = waiting();
    ASSERT_THAT(versions(events), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_EQ(events[1].type, EventType::user_updated);
    EXPECT_EQ(events[1].state->email, "new@example.org");
    EXPECT_EQ(events[1].state->updated_at, clock_.now());
    EXPECT_TRUE(events[2].state->disabled);
    EXPECT_FALSE(events[3].state->disabled);
    EXPECT_EQ(events[4].type, EventType::user_deleted);
    EXPECT_FALSE(events[4].state);
    for (std::size_t i = 1; i < events.size(); ++i) {
        EXPECT_LT(events[i - 1].sequence, events[i].sequence);
        EXPECT_NE(events[i - 1].id, events[i].id);
        EXPECT_EQ(events[i].user, user.id);
    }
}

TEST_P(StoreContract, EventReadsTheSameUntilItIsAcknowledged) {
    ada();
    EXPECT_EQ(waiting(), waiting());
}

TEST_P(StoreContract, WaitingEventsArePagedBySequence) {
    for (const char* name : {"a1", "b1", "c1"})
        add(name, std::string(name) + "@example.org");
    const std::vector<Event> all = waiting();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_THAT(waiting(0, 2), ElementsAre(all[0], all[1]));
    EXPECT_THAT(waiting(all[1].sequence), ElementsAre(all[2]));
    EXPECT_TRUE(waiting(all[2].sequence).empty());
    EXPECT_TRUE(waiting(0, 0).empty());
}

TEST_P(StoreContract, AcknowledgedEventsLeaveTheOutboxAndMayBeAcknowledgedAgain) {
    const User user = ada();
    run_task(store_->set_disabled(user.id, true));
    const std::vector<Event> all = waiting();
    remove_sent({all[0].sequence});
    EXPECT_THAT(waiting(), ElementsAre(all[1]));
    remove_sent({all[0].sequence, all[1].sequence, 999'999});
    remove_sent({});
    EXPECT_TRUE(waiting().empty());
}

TEST_P(StoreContract, SequenceIsNeverUsedTwice) {
    const User user = ada();
    const Event first = waiting().at(0);
    remove_sent({first.sequence});
    run_task(store_->delete_user(user.id));
    const Event second = waiting().at(0);
    remove_sent({second.sequence});
    ada();
    EXPECT_GT(waiting().at(0).sequence, second.sequence);
    EXPECT_GT(second.sequence, first.sequence);
}

TEST_P(StoreContract, UnsentEventsOfADeletedUserKeepTheirState) {
    const User user = ada();
    run_task(store_->delete_user(user.id));
    const std::vector<Event> events = waiting();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_TRUE(events[0].state) << "consumers get every version";
}

TEST_P(StoreContract, ParkedEventHoldsBackItsUserAndNoOther) {
    const User user = ada();
    add("bob", "bob@example.org");
    run_task(store_->set_disabled(user.id, true));
    const std::vector<Event> all = waiting();
    park(all[0].sequence, "too large");
    EXPECT_THAT(waiting(), ElementsAre(all[1]));
    remove_sent({all[0].sequence});
    EXPECT_THAT(waiting(), ElementsAre(all[1], all[2]));
}

TEST_P(StoreContract, EarlierEventsOfAParkedOnesUserStillGo) {
    const User user = ada();
    run_task(store_->set_disabled(user.id, true));
    const std::vector<Event> all = waiting();
    park(all[1].sequence, "too large");
    EXPECT_THAT(waiting(), ElementsAre(all[0]));
}

TEST_P(StoreContract, ParkingWhatIsGoneIsNoError) {
    EXPECT_NO_THROW(park(42, "gone"));
    EXPECT_EQ(run_task(store_->outbox_stats()).parked, 0);
}

TEST_P(StoreContract, ListShowsTheNewestOldestFirstWithReasons) {
    for (const char* name : {"a1", "b1", "c1"})
        add(name, std::string(name) + "@example.org");
    const std::vector<Event> all = waiting();
    park(all[1].sequence, "too large");
    const std::vector<Store::Waiting> listed = run_task(store_->list_waiting(2));
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].event, all[1]);
    EXPECT_EQ(listed[0].parked_reason, "too large");
    EXPECT_EQ(listed[1].event, all[2]);
    EXPECT_EQ(listed[1].parked_reason, "");
}

TEST_P(StoreContract, StatsTellBacklogParkedAndAge) {
    const Timestamp began = clock_.now();
    ada();
    clock_.advance(std::chrono::minutes(1));
    add("bob", "bob@example.org");
    const std::vector<Event> all = waiting();
    park(all[1].sequence, "too large");
    OutboxStats stats = run_task(store_->outbox_stats());
    EXPECT_EQ(stats.waiting, 2);
    EXPECT_EQ(stats.parked, 1);
    EXPECT_EQ(stats.oldest, began);
    remove_sent({all[0].sequence});
    stats = run_task(store_->outbox_stats());
    EXPECT_EQ(stats.waiting, 1);
    EXPECT_EQ(stats.oldest, clock_.now());
}

TEST_P(StoreContract, NudgeFollowsEachCommitWithEventsAndNoOther) {
    std::atomic<int> nudges = 0;
    store_->on_event([&nudges] { ++nudges; });
    const User user = ada();
    open(user);
    add("ADA", "other@example.org");
    run_task(store_->set_disabled(user.id, false));
    // Taking the callback back waits for one that runs.
    store_->on_event({});
    EXPECT_EQ(nudges, 1);
    run_task(store_->delete_user(user.id));
    EXPECT_EQ(nudges, 1);
}

TEST_P(StoreContract, NudgedReaderSeesTheEvent) {
    std::promise<std::size_t> seen;
    bool first = true;
    store_->on_event([&] {
        if (std::exchange(first, false)) seen.set_value(waiting().size());
    });
    ada();
    EXPECT_EQ(seen.get_future().get(), 1U);
    store_->on_event({});
}

TEST_P(StoreContract, ThrowingNudgeHarmsNoWrite) {
    store_->on_event([] { throw std::runtime_error("relay is gone"); });
    ada();
    EXPECT_TRUE(add("bob", "bob@example.org"));
}

}  // namespace
}  // namespace userd
