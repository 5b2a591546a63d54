#include <gmock/gmock.h>

#include "store/store_contract.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::chrono::milliseconds kLease{5000};

std::optional<OutboxLease> claim(Store& store, const std::string& holder) {
    return run_task(store.lease_outbox({holder, kLease}));
}
std::int64_t take(Store& store, const std::string& holder) {
    return claim(store, holder).value().epoch;
}
void release(Store& store, std::int64_t epoch) {
    run_task(store.release_outbox(epoch));
}
std::vector<Event> read(Store& store, std::int64_t epoch) {
    return run_task(store.waiting_events(0, 100, epoch));
}
void expect_lost(Store& store, std::int64_t epoch) {
    const std::int64_t sequence = 1;
    EXPECT_THROW(read(store, epoch), LeaseLost);
    EXPECT_THROW(run_task(store.remove_sent({sequence}, epoch)), LeaseLost);
    EXPECT_THROW(run_task(store.park_event(sequence, "reason", epoch)), LeaseLost);
}

TEST_P(StoreContract, NothingIsMovedBeforeTheLeaseWasEverTaken) {
    ada();
    expect_lost(*store_, 0);
    expect_lost(*store_, 1);
    EXPECT_EQ(run_task(store_->outbox_stats()).waiting, 1);
}

TEST_P(StoreContract, OneHolderHasItUntilItRunsOut) {
    take(*store_, "one");
    EXPECT_FALSE(claim(*store_, "two"));
    clock_.advance(kLease - std::chrono::milliseconds(1));
    EXPECT_FALSE(claim(*store_, "two"));
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(claim(*store_, "two"));
    EXPECT_FALSE(claim(*store_, "one"));
}

TEST_P(StoreContract, RenewingKeepsTheEpochAndPutsOffTheEnd) {
    const std::int64_t epoch = take(*store_, "one");
    clock_.advance(kLease - std::chrono::milliseconds(1));
    EXPECT_EQ(take(*store_, "one"), epoch);
    clock_.advance(kLease - std::chrono::milliseconds(1));
    EXPECT_FALSE(claim(*store_, "two"));
    EXPECT_NO_THROW(read(*store_, epoch));
}

TEST_P(StoreContract, AClaimThatIsRefusedDoesNotPutOffTheEnd) {
    take(*store_, "one");
    clock_.advance(kLease - std::chrono::milliseconds(1));
    EXPECT_FALSE(claim(*store_, "two"));
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(claim(*store_, "two"));
}

TEST_P(StoreContract, EpochsRiseWithEachChangeOfHands) {
    const std::int64_t first = take(*store_, "one");
    EXPECT_GT(first, 0);
    release(*store_, first);
    const std::int64_t second = take(*store_, "two");
    EXPECT_GT(second, first);
    clock_.advance(kLease);
    const std::int64_t third = take(*store_, "one");
    EXPECT_GT(third, second) << "a former holder's epoch does not come back";
    release(*store_, third);
    EXPECT_GT(take(*store_, "one"), third);
}

TEST_P(StoreContract, TheFormerHolderMovesNothing) {
    ada();
    const std::int64_t former = take(*store_, "one");
    const std::vector<Event> events = read(*store_, former);
    ASSERT_EQ(events.size(), 1U);
    clock_.advance(kLease);
    const std::int64_t epoch = take(*store_, "two");
    expect_lost(*store_, former);
    EXPECT_THROW(run_task(store_->remove_sent({events[0].sequence}, former)), LeaseLost);
    EXPECT_THROW(run_task(store_->park_event(events[0].sequence, "x", former)), LeaseLost);
    EXPECT_THAT(read(*store_, epoch), ElementsAre(events[0])) << "neither removed nor parked";
    run_task(store_->remove_sent({events[0].sequence}, epoch));
    EXPECT_THAT(read(*store_, epoch), IsEmpty());
}

TEST_P(StoreContract, AnEpochThatIsYetToComeIsNone) {
    ada();
    const std::int64_t epoch = take(*store_, "one");
    expect_lost(*store_, epoch + 1);
    EXPECT_THAT(read(*store_, epoch), testing::SizeIs(1));
}

TEST_P(StoreContract, ReleasedItIsFreeAtOnceAndMovesNothing) {
    ada();
    const std::int64_t epoch = take(*store_, "one");
    release(*store_, epoch);
    expect_lost(*store_, epoch);
    EXPECT_TRUE(claim(*store_, "two"));
    expect_lost(*store_, epoch);
}

TEST_P(StoreContract, ReleasingAnEpochThatIsOverHarmsNoHolder) {
    const std::int64_t former = take(*store_, "one");
    clock_.advance(kLease);
    const std::int64_t epoch = take(*store_, "two");
    release(*store_, former);
    release(*store_, epoch + 1);
    EXPECT_FALSE(claim(*store_, "one"));
    EXPECT_NO_THROW(read(*store_, epoch));
}

TEST_P(StoreContract, OneOfManySimultaneousClaimsTakesIt) {
    std::vector<std::function<Task<std::optional<OutboxLease>>()>> starts;
    for (int i = 0; i < 32; ++i)
        starts.emplace_back([this, i] {
            return store_->lease_outbox({"holder " + std::to_string(i), kLease});
        });
    const auto claims = run_together(starts);
    EXPECT_THAT(claims.failures, IsEmpty());
    int granted = 0;
    for (const std::optional<OutboxLease>& lease : claims.values)
        granted += lease ? 1 : 0;
    EXPECT_EQ(granted, 1);
}

}  // namespace
}  // namespace userd
