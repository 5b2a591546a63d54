#include "passwords/hash_pool.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "async/loops.hpp"
#include "support/gate.hpp"
#include "support/page_faults.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;

const Hasher kCheap({8, 1});

Secret secret(std::string_view text = "correct horse battery staple") {
    return Secret(text);
}

using Answers = std::vector<Result<std::string>>;

Task<void> hash_into(HashPool& pool, Answers& answers) {
    Secret password = secret();
    Result<std::string> answer = co_await pool.hash(std::move(password));
    answers.push_back(std::move(answer));
}

/// Its loop outlives the pools of the tests, as the server's loops do, and goes on only when the
/// test says so.
class HashPoolTest : public testing::Test {
  protected:
    /// Hands one job over and takes what is answered at once.
    void ask(HashPool& pool) {
        boost::asio::co_spawn(context_, hash_into(pool, answers_), boost::asio::detached);
        context_.restart();
        context_.poll();
    }
    void await_one() {
        context_.restart();
        const std::size_t before = answers_.size();
        while (answers_.size() == before && context_.run_one() > 0) {
        }
    }
    void await_all() {
        context_.restart();
        context_.run();
    }
    [[nodiscard]] std::size_t refused() const {
        std::size_t count = 0;
        for (const auto& answer : answers_)
            if (!answer && answer.error() == Errc::busy) ++count;
        return count;
    }
    /// Rethrows what the coroutine throws.
    template <class T>
    T run(Task<T> task) {
        std::optional<T> value;
        std::exception_ptr failure;
        boost::asio::co_spawn(context_, std::move(task), [&](std::exception_ptr error, T result) {
            failure = error;
            if (!error) value.emplace(std::move(result));
        });
        await_all();
        if (failure) std::rethrow_exception(failure);
        return std::move(value).value();
    }

    boost::asio::io_context context_;
    Answers answers_;
};

Task<Verification> hash_then_verify(HashPool& pool, std::string password, std::string presented) {
    const Result<std::string> stored = co_await pool.hash(Secret(std::string_view(password)));
    Secret again{std::string_view(presented)};
    std::string copy = stored.value();
    const Result<Verification> verification =
        co_await pool.verify(std::move(again), std::move(copy));
    co_return verification.value();
}

TEST_F(HashPoolTest, VerifiesWhatItHashed) {
    HashPool pool(kCheap, {});
    const auto before = std::chrono::steady_clock::now();
    const Verification good = run(hash_then_verify(pool, "password", "password"));
    EXPECT_TRUE(good.matches);
    EXPECT_GE(good.began, before);
    EXPECT_GT(good.took, 0ns);
    EXPECT_LE(good.began + good.took, std::chrono::steady_clock::now());
    EXPECT_FALSE(run(hash_then_verify(pool, "password", "passwort")).matches);
    EXPECT_TRUE(run(hash_then_verify(pool, "", "")).matches);
    const std::string longest(1024, 'x');
    EXPECT_TRUE(run(hash_then_verify(pool, longest, longest)).matches);
}

TEST_F(HashPoolTest, OverCostlyAndMalformedHashesDoNotMatch) {
    HashPool pool(kCheap, {});
    for (const char* const stored :
         {"", "nonsense", "$2b$31$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji",
          "$argon2id$v=19$m=4294967295,t=4294967295,p=1$c2l4dGVlbiBieXRlIHNhbA$"
          "F5n7aA17JETaIAgfzpfVqCovbw554wJ3BmcdLVAAwlQ"}) {
        const Result<Verification> answer = run(pool.verify(secret(), stored));
        ASSERT_TRUE(answer) << stored;
        EXPECT_FALSE(answer->matches) << stored;
    }
}

TEST_F(HashPoolTest, FullQueueRefusesAtOnce) {
    Gate gate;
    HashPool pool(kCheap, {.threads = 1, .queue = 2, .deadline = 1h});
    pool.observe(gate.observer());
    ask(pool);
    gate.await(1);
    ask(pool);
    ask(pool);
    EXPECT_TRUE(answers_.empty());
    EXPECT_EQ(pool.stats().queued, 2U);
    EXPECT_EQ(pool.stats().running, 1U);

    ask(pool);
    EXPECT_EQ(refused(), 1U);
    EXPECT_EQ(pool.stats().refused, 1U);
    EXPECT_EQ(pool.stats().queued, 2U);

    gate.open();
    await_all();
    EXPECT_EQ(answers_.size(), 4U);
    EXPECT_EQ(refused(), 1U);
    ask(pool);
    await_all();
    EXPECT_EQ(refused(), 1U);
}

TEST_F(HashPoolTest, WithoutAQueueIdleThreadsStillServe) {
    Gate gate;
    HashPool pool(kCheap, {.threads = 2, .queue = 0, .deadline = 1h});
    pool.observe(gate.observer());
    ask(pool);
    ask(pool);
    ask(pool);
    EXPECT_EQ(refused(), 1U);
    gate.open();
    await_all();
    EXPECT_EQ(answers_.size(), 3U);
    EXPECT_EQ(refused(), 1U);
}

TEST_F(HashPoolTest, NoThreadsAreOneThread) {
    HashPool pool(kCheap, {.threads = 0, .queue = 1, .deadline = 1h});
    EXPECT_TRUE(run(pool.hash(secret())));
}

TEST_F(HashPoolTest, DeadlineThatCannotBeMetRefusesBeforeTheQueueIsFull) {
    const Hasher hasher({4096, 1});
    constexpr std::size_t kQueue = 100'000;
    Gate gate;
    Gate opened;
    opened.open();
    std::atomic<bool> first = true;
    auto pool = std::make_unique<HashPool>(
        hasher, HashPoolSettings{.threads = 1, .queue = kQueue, .deadline = 1s});
    // The first job tells the pool how long a hash takes.
    pool->observe([&](auto, auto) { (first.exchange(false) ? opened : gate).pass(); });
    ASSERT_TRUE(run(pool->hash(secret())));
    ask(*pool);
    gate.await(1);
    std::size_t asked = 0;
    while (answers_.empty() && asked < kQueue) {
        ask(*pool);
        ++asked;
    }
    EXPECT_EQ(refused(), 1U);
    EXPECT_GT(asked, 1U);
    EXPECT_LT(asked, kQueue);
    gate.open();
    pool.reset();
    await_all();
}

TEST_F(HashPoolTest, JobWhoseDeadlinePassedIsRefusedWithoutHashing) {
    Gate gate;
    HashPool pool(kCheap, {.threads = 1, .queue = 8, .deadline = 500ms});
    pool.observe(gate.observer());
    ask(pool);
    gate.await(1);
    ask(pool);
    ask(pool);
    std::this_thread::sleep_for(600ms);
    gate.open();
    await_all();
    EXPECT_EQ(answers_.size(), 3U);
    EXPECT_EQ(refused(), 2U);
    const HashPoolStats stats = pool.stats();
    EXPECT_EQ(stats.done, 1U);
    EXPECT_EQ(stats.refused, 2U);
    EXPECT_EQ(stats.queued, 0U);
    EXPECT_EQ(stats.running, 0U);
}

TEST_F(HashPoolTest, DestructionRefusesWhatWaitsAndFinishesWhatRuns) {
    Gate gate;
    auto pool = std::make_unique<HashPool>(
        kCheap, HashPoolSettings{.threads = 1, .queue = 8, .deadline = 1h});
    pool->observe(gate.observer());
    ask(*pool);
    gate.await(1);
    ask(*pool);
    ask(*pool);
    std::thread destroyer([&] { pool.reset(); });
    await_one();
    await_one();
    EXPECT_EQ(refused(), 2U);
    gate.open();
    await_all();
    destroyer.join();
    ASSERT_EQ(answers_.size(), 3U);
    EXPECT_EQ(refused(), 2U);
    EXPECT_TRUE(answers_.back());
}

// AddressSanitizer finds the frames if they stay.
TEST_F(HashPoolTest, CoroutinesOfAStoppedLoopAreFreed) {
    Gate gate;
    {
        HashPool pool(kCheap, {.threads = 1, .queue = 1, .deadline = 1h});
        pool.observe(gate.observer());
        boost::asio::co_spawn(context_, hash_into(pool, answers_), boost::asio::detached);
        context_.run_one();
        gate.await(1);
        for (int i = 0; i < 2; ++i) {
            boost::asio::co_spawn(context_, hash_into(pool, answers_), boost::asio::detached);
            context_.run_one();
        }
        context_.stop();
        gate.open();
    }
    EXPECT_TRUE(answers_.empty());
}

TEST_F(HashPoolTest, WhatAJobThrowsReachesItsCaller) {
    const Hasher impossible({1, 1});
    HashPool pool(impossible, {});
    EXPECT_THROW((void)run(pool.hash(secret())), std::invalid_argument);
    EXPECT_EQ(pool.stats().running, 0U);
    // and the thread goes on
    const std::string stored = kCheap.hash(secret());
    const Result<Verification> answer = run(pool.verify(secret(), stored));
    EXPECT_TRUE(answer->matches);
}

TEST_F(HashPoolTest, ObserverThatThrowsLosesNoAnswer) {
    HashPool pool(kCheap, {});
    pool.observe([](auto, auto) { throw std::runtime_error("histogram"); });
    EXPECT_TRUE(run(pool.hash(secret())));
    EXPECT_EQ(pool.stats().running, 0U);
}

TEST_F(HashPoolTest, CountsItsJobsAndTheirTimes) {
    HashPool pool(kCheap, {});
    std::atomic<int> observed = 0;
    std::atomic<bool> plausible = true;
    pool.observe([&](auto waited, auto took) {
        ++observed;
        if (waited < 0ns || took <= 0ns) plausible = false;
    });
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(run(pool.hash(secret())));
    EXPECT_EQ(observed, 5);
    EXPECT_TRUE(plausible);
    EXPECT_EQ(pool.stats().done, 5U);
    EXPECT_GT(pool.stats().hash_seconds, 0);
    EXPECT_GE(pool.stats().wait_seconds, 0);
}

TEST_F(HashPoolTest, HashesAtLowerPriorityThanTheRest) {
    const int own = ::getpriority(PRIO_PROCESS, 0);
    if (own >= 19) GTEST_SKIP() << "this process has the lowest priority already";
    std::atomic<int> there = own;
    HashPool pool(kCheap, {});
    pool.observe(
        [&](auto, auto) { there = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); });
    EXPECT_TRUE(run(pool.hash(secret())));
    EXPECT_GT(there, own);
    EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), own);
}

constexpr long kMemoryKib = 65536;
const Hasher kCostly({kMemoryKib, 1});

long resident_kib() {
    std::ifstream status("/proc/self/statm");
    long total = 0;
    long resident = 0;
    status >> total >> resident;
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

TEST_F(HashPoolTest, AThreadKeepsItsMemoryFromOneHashToTheNext) {
    HashPool pool(kCostly, {.threads = 1, .queue = 3});
    std::vector<long> page_faults;
    std::vector<long> resident;
    pool.observe([&](auto, auto) {
        page_faults.push_back(page_faults_of_thread());
        resident.push_back(resident_kib());
    });
    const long before = resident_kib();
    for (int i = 0; i < 3; ++i)
        ask(pool);
    await_all();
    ASSERT_EQ(page_faults.size(), 3U);
    EXPECT_GT(resident.front(), before + kMemoryKib / 2);
    // 16,384 pages.
    EXPECT_LT(page_faults[2] - page_faults[1], 2000);
}

TEST_F(HashPoolTest, ThreadsWithoutWorkGiveTheirMemoryBack) {
    HashPool pool(kCostly, {.threads = 1, .queue = 1});
    const long most = resident_kib() + kMemoryKib / 2;
    ask(pool);
    await_one();
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (resident_kib() > most && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(5ms);
    EXPECT_LE(resident_kib(), most);
    // And they hash again.
    ask(pool);
    await_one();
    EXPECT_TRUE(answers_.back());
}

Task<void> verify(HashPool& pool, std::string stored, bool in_fresh_memory) {
    Secret password = secret();
    const Result<Verification> answer =
        co_await pool.verify(std::move(password), std::move(stored));
    EXPECT_TRUE(answer && answer->matches);
    EXPECT_EQ(answer && answer->in_fresh_memory, in_fresh_memory);
}

TEST_F(HashPoolTest, TellsWhichHashesTookFreshMemory) {
    HashPool pool(kCostly, {.threads = 1, .queue = 4});
    const auto ask_for = [&](const Hasher& hasher, bool in_fresh_memory) {
        boost::asio::co_spawn(context_, verify(pool, hasher.hash(secret()), in_fresh_memory),
                              boost::asio::detached);
    };
    ask_for(kCostly, true);
    ask_for(kCostly, false);
    ask_for(kCheap, true);
    ask_for(kCostly, true);
    await_all();
}

TEST_F(HashPoolTest, WhatAHashLeftIsGoneWhileOneOfAnotherKindIsVerified) {
    const std::string another = kCheap.hash(secret());
    HashPool pool(kCostly, {.threads = 1, .queue = 2});
    std::vector<long> resident;
    pool.observe([&](auto, auto) { resident.push_back(resident_kib()); });
    ask(pool);
    boost::asio::co_spawn(context_, verify(pool, another, true), boost::asio::detached);
    await_all();
    ASSERT_EQ(resident.size(), 2U);
    EXPECT_LT(resident[1], resident[0] - kMemoryKib / 2);
}

struct Tally {
    std::atomic<std::uint64_t> matched = 0;
    std::atomic<std::uint64_t> refused = 0;
    std::atomic<std::uint64_t> wrong_loop = 0;
};

Task<void> log_in(HashPool& pool, std::string stored, Tally& tally) {
    const std::thread::id before = std::this_thread::get_id();
    Secret password = secret();
    const Result<Verification> answer =
        co_await pool.verify(std::move(password), std::move(stored));
    if (std::this_thread::get_id() != before) ++tally.wrong_loop;
    if (answer && answer->matches) ++tally.matched;
    if (!answer) ++tally.refused;
}

TEST_F(HashPoolTest, EveryJobOfManyLoopsIsAnsweredOnceOnItsOwnLoop) {
    constexpr std::uint64_t kJobs = 600;
    const std::string stored = kCheap.hash(secret());
    Tally tally;
    Loops loops(3);
    HashPool pool(kCheap, {.threads = 4, .queue = 16, .deadline = 1h});
    for (std::uint64_t i = 0; i < kJobs; ++i)
        boost::asio::co_spawn(loops.at(i % 3), log_in(pool, stored, tally), boost::asio::detached);
    loops.start();
    loops.finish();
    loops.join();
    EXPECT_EQ(tally.matched + tally.refused, kJobs);
    EXPECT_GT(tally.matched, 0U);
    EXPECT_EQ(tally.wrong_loop, 0U);
    const HashPoolStats stats = pool.stats();
    EXPECT_EQ(stats.done, tally.matched);
    EXPECT_EQ(stats.refused, tally.refused);
    EXPECT_EQ(stats.queued + stats.running, 0U);
}

}  // namespace
}  // namespace userd
