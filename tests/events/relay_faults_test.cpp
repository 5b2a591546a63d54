#include <gmock/gmock.h>

#include <random>
#include <set>

#include "events/relay_fixture.hpp"

namespace userd {
namespace {

/// One seed is one history of faults: whatever happens, what Kafka then holds must be right.
class RelayFaultsTest : public RelayFixture, public testing::WithParamInterface<unsigned> {
  protected:
    static constexpr int kUsers = 7;
    static constexpr int kEvents = 60;

    RelayFaultsTest() {
        settings.window = 4 + GetParam() % 29;
        settings.batch = 1 + static_cast<int>(GetParam() % 11);
        settings.retry_first = settings.retry_most = std::chrono::milliseconds(1);
        settings.look_every = std::chrono::milliseconds(1);
        store.fault = [this](const char*, bool) {
            if (chance(40)) store.take_lease("other", std::chrono::milliseconds(1));
            if (chance(8)) throw StoreUnavailable("away");
        };
        before_making = [this] {
            if (chance(20)) throw std::runtime_error("no descriptors left");
        };
        broker.script = [this](std::vector<Event>& in_flight) { return deliver(in_flight); };
    }

    bool chance(int one_in) { return random_() % static_cast<unsigned>(one_in) == 0; }
    std::size_t any(std::size_t size) { return random_() % size; }

    void write_some() {
        while (written_ < kEvents && !chance(3)) {
            const Event event = store.write(user_number(static_cast<int>(any(kUsers))));
            ++written_;
            if (chance(30)) poison_.insert(event.sequence);
        }
    }

    std::vector<Delivery> deliver(std::vector<Event>& in_flight) {
        write_some();
        if (!in_flight.empty() && chance(15)) return fail_all(in_flight);
        if (in_flight.size() > 1 && chance(10)) return refuse_batch(in_flight);
        std::vector<Delivery> deliveries;
        while (!in_flight.empty() && !chance(4)) {
            const std::size_t index = any(in_flight.size());
            if (poison_.contains(in_flight[index].sequence))
                deliveries.push_back(
                    FakeBroker::end(in_flight, index, Delivery::Outcome::refused, "poison"));
            else
                deliveries.push_back(broker.acknowledge(in_flight, index));
        }
        return deliveries;
    }

    /// Some were written all the same, unless they were rolled back.
    std::vector<Delivery> fail_all(std::vector<Event>& in_flight) {
        const auto outcome = chance(3)   ? Delivery::Outcome::rolled_back
                             : chance(2) ? Delivery::Outcome::failed
                                         : Delivery::Outcome::topic_error;
        std::vector<Delivery> deliveries;
        while (!in_flight.empty()) {
            const std::size_t index = any(in_flight.size());
            if (outcome != Delivery::Outcome::rolled_back && chance(2) &&
                !poison_.contains(in_flight[index].sequence))
                broker.topic.push_back(in_flight[index]);
            deliveries.push_back(FakeBroker::end(in_flight, index, outcome, "broken"));
        }
        return deliveries;
    }

    std::vector<Delivery> refuse_batch(std::vector<Event>& in_flight) {
        std::vector<Delivery> deliveries;
        const std::size_t keep = any(in_flight.size());
        while (in_flight.size() > keep)
            deliveries.push_back(FakeBroker::end(in_flight, any(in_flight.size()),
                                                 Delivery::Outcome::refused, "batch"));
        return deliveries;
    }

    /// The versions of the user that Kafka must hold: all, up to the first that it can never take.
    [[nodiscard]] std::vector<std::int64_t> expected(UserId user,
                                                     const std::vector<Event>& written) const {
        std::vector<std::int64_t> versions;
        for (const Event& event : written) {
            if (event.user != user) continue;
            if (poison_.contains(event.sequence)) break;
            versions.push_back(event.version);
        }
        return versions;
    }

    std::mt19937 random_{GetParam()};
    std::set<std::int64_t> poison_;
    int written_ = 0;
};

TEST_P(RelayFaultsTest, NothingIsLostAndFirstOccurrencesAreInOrder) {
    ASSERT_TRUE(relay_until([this] { return written_ == kEvents && store.waiting().empty(); }));
    EXPECT_FALSE(has_thrown);
    EXPECT_FALSE(broker.is_order_broken);
    EXPECT_EQ(broker.alive, 0);
    EXPECT_LE(broker.most_in_flight, settings.window);

    for (int number = 0; number < kUsers; ++number) {
        const UserId user = user_number(number);
        std::vector<std::int64_t> first_occurrences;
        for (const std::int64_t version : versions_in_topic(user))
            if (first_occurrences.empty() || version > first_occurrences.back())
                first_occurrences.push_back(version);
        EXPECT_EQ(first_occurrences, expected(user, store.history())) << "user " << number;
        // A compacted topic keeps the last.
        if (!first_occurrences.empty()) {
            EXPECT_EQ(versions_in_topic(user).back(), first_occurrences.back());
        }
    }
    for (const auto& [sequence, reason] : store.parked())
        EXPECT_TRUE(poison_.contains(sequence)) << reason;
}

INSTANTIATE_TEST_SUITE_P(Seeds, RelayFaultsTest, testing::Range(0u, 100u));

}  // namespace
}  // namespace userd
