#include <gmock/gmock.h>

#include <set>

#include "store/store_contract.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

/// With a NUL, as hashes have.
AttemptKey key(int number) {
    AttemptKey key(16, '\0');
    key[1] = static_cast<char>(number);
    key[15] = static_cast<char>(number >> 8);
    return key;
}

class AttemptsContract : public StoreContract {
  protected:
    std::vector<std::int64_t> count(std::vector<CountAttempt> attempts) {
        return counts(run_task(store_->count_attempts(std::move(attempts))));
    }
    std::int64_t count_one(int number, std::chrono::seconds window = 60s) {
        return count({{key(number), window}}).at(0);
    }
    std::vector<Attempts> read(std::vector<AttemptKey> keys) {
        return run_task(store_->read_attempts(std::move(keys)));
    }
    std::int64_t read_one(int number) { return read({key(number)}).at(0).count; }
    int sweep(int rows, std::int64_t most) { return run_task(store_->sweep_attempts(rows, most)); }

    static std::vector<std::int64_t> counts(const std::vector<Attempts>& attempts) {
        std::vector<std::int64_t> counts;
        for (const Attempts& one : attempts)
            counts.push_back(one.count);
        return counts;
    }
};

INSTANTIATE_TEST_SUITE_P(Backends, AttemptsContract, testing::ValuesIn(backends()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(AttemptsContract, CounterKnowsItsFirstAndLastTime) {
    const Timestamp first = clock_.now();
    run_task(store_->count_attempts({{key(1), 60s}}));
    clock_.advance(1500ms);
    const Attempts counted = run_task(store_->count_attempts({{key(1), 60s}})).at(0);
    clock_.advance(1s);
    const Attempts stored = read({key(1)}).at(0);
    for (const Attempts& attempts : {counted, stored}) {
        EXPECT_EQ(attempts.count, 2);
        EXPECT_EQ(attempts.first_at, first);
        EXPECT_EQ(attempts.last_at, first + 1500ms);
    }
}

TEST_P(AttemptsContract, AnswersAreInTheOrderAsked) {
    EXPECT_THAT(count({{key(3), 60s}}), ElementsAre(1));
    EXPECT_THAT(count({{key(1), 60s}, {key(3), 60s}, {key(2), 60s}}), ElementsAre(1, 2, 1));
    EXPECT_THAT(counts(read({key(2), key(9), key(3), key(3), key(1)})), ElementsAre(1, 0, 2, 2, 1));
    EXPECT_THAT(count({}), ElementsAre());
    EXPECT_THAT(counts(read({})), ElementsAre());
}

TEST_P(AttemptsContract, KeyThatComesTwiceInACallCountsTwice) {
    EXPECT_THAT(count({{key(1), 60s}, {key(2), 60s}, {key(1), 60s}}), ElementsAre(2, 1, 2));
    EXPECT_EQ(read_one(1), 2);
}

TEST_P(AttemptsContract, WindowBeginsWithTheFirstAndIsNotProlonged) {
    count_one(1);
    clock_.advance(59'999ms);
    EXPECT_EQ(count_one(1), 2);
    EXPECT_EQ(read_one(1), 2);
    clock_.advance(1ms);
    EXPECT_EQ(read_one(1), 0);
    EXPECT_EQ(read({key(1)}).at(0).first_at, Timestamp());
    EXPECT_EQ(count_one(1), 1) << "a new window";
    EXPECT_EQ(read({key(1)}).at(0).first_at, clock_.now());
    clock_.advance(59s);
    EXPECT_EQ(count_one(1), 2) << "of full length";
}

TEST_P(AttemptsContract, CounterOfAClockThatWasAheadIsOver) {
    clock_.advance(24h);
    count_one(1);
    EXPECT_EQ(count_one(1), 2);
    clock_.advance(-24h);
    EXPECT_EQ(read_one(1), 0);
    EXPECT_EQ(count_one(1), 1);
    EXPECT_EQ(read({key(1)}).at(0).first_at, clock_.now());
    clock_.advance(59s);
    EXPECT_EQ(count_one(1), 2);
    clock_.advance(1s);
    EXPECT_EQ(read_one(1), 0) << "the window is of the clock as it is now";
}

TEST_P(AttemptsContract, WindowsOfKeysAreTheirOwn) {
    count({{key(1), 60s}, {key(2), 3600s}});
    clock_.advance(60s);
    EXPECT_THAT(count({{key(1), 60s}, {key(2), 3600s}}), ElementsAre(1, 2));
}

TEST_P(AttemptsContract, ClearedCountersBeginAgainAndOthersStay) {
    count({{key(1), 60s}, {key(2), 60s}, {key(3), 60s}});
    run_task(store_->clear_attempts({key(1), key(3), key(9), key(1)}));
    EXPECT_THAT(counts(read({key(1), key(2), key(3)})), ElementsAre(0, 1, 0));
    EXPECT_EQ(count_one(1), 1);
    run_task(store_->clear_attempts({}));
    EXPECT_EQ(read_one(2), 1);
}

TEST_P(AttemptsContract, SweepTakesWhatIsOverInStepsAndNothingElse) {
    for (int i = 0; i < 5; ++i)
        count_one(i, 60s);
    count_one(10, 61s);
    EXPECT_EQ(sweep(100, 100), 0);
    clock_.advance(60s);
    EXPECT_EQ(sweep(2, 100), 2);
    EXPECT_EQ(sweep(0, 100), 0);
    EXPECT_EQ(sweep(100, 100), 3);
    EXPECT_EQ(sweep(100, 100), 0);
    EXPECT_EQ(read_one(10), 1);
}

TEST_P(AttemptsContract, SweepKeepsNoMoreCountersThanTheBound) {
    for (int i = 0; i < 10; ++i) {
        count_one(i, 600s);
        clock_.advance(1s);
    }
    EXPECT_EQ(sweep(100, 10), 0) << "the bound itself is allowed";
    EXPECT_EQ(sweep(2, 4), 2) << "in steps";
    EXPECT_EQ(sweep(100, 4), 4);
    EXPECT_EQ(sweep(100, 4), 0);
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(read_one(i), i < 6 ? 0 : 1) << "the oldest go, " << i;
    EXPECT_EQ(sweep(100, 0), 4);
}

TEST_P(AttemptsContract, WhatIsOverGoesBeforeWhatIsTooMany) {
    for (int i = 0; i < 6; ++i)
        count_one(i, i % 2 == 0 ? 60s : 600s);
    clock_.advance(60s);
    EXPECT_EQ(sweep(100, 5), 3) << "three are over, which is enough for the bound";
    EXPECT_THAT(counts(read({key(1), key(3), key(5)})), ElementsAre(1, 1, 1));
}

TEST_P(AttemptsContract, WhatIsTooManyIsNotTheFailuresOfTheHourButWhatIsLongUnused) {
    for (int i = 0; i < 5; ++i)
        count_one(i, std::chrono::days{90});
    clock_.advance(1h);
    for (int i = 5; i < 10; ++i)
        count_one(i, 1h);
    EXPECT_EQ(sweep(100, 6), 4);
    for (int i = 5; i < 10; ++i)
        EXPECT_EQ(read_one(i), 1) << "it ends sooner than those that are remembered, " << i;
}

TEST_P(AttemptsContract, SimultaneousCountsAreAllCounted) {
    std::vector<std::function<Task<std::vector<Attempts>>()>> starts;
    for (int i = 0; i < 200; ++i)
        starts.emplace_back([this, i] {
            std::vector<CountAttempt> attempts = {{key(1), 60s}, {key(2 + i % 4), 60s}};
            return store_->count_attempts(std::move(attempts));
        });
    const auto counted = run_together(starts);
    EXPECT_TRUE(counted.failures.empty());
    std::set<std::int64_t> answers;
    for (const auto& attempts : counted.values)
        answers.insert(attempts.at(0).count);
    EXPECT_EQ(answers.size(), 200U) << "no two callers are told the same";
    EXPECT_EQ(read_one(1), 200);
    for (int i = 2; i < 6; ++i)
        EXPECT_EQ(read_one(i), 50);
}

}  // namespace
}  // namespace userd
