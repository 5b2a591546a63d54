#include <algorithm>

#include "store/store_contract.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using Outcome = Rotation::Outcome;

/// `name` with the letters that `bits` chooses in upper case.
std::string in_case(std::string name, unsigned bits) {
    for (char& letter : name) {
        if ((bits & 1U) != 0) letter = static_cast<char>(std::toupper(letter));
        bits >>= 1U;
    }
    return name;
}

template <class T, class Condition>
std::ptrdiff_t count(const std::vector<T>& values, Condition condition) {
    return std::count_if(values.begin(), values.end(), condition);
}

TEST_P(StoreContract, OneOfManySimultaneousRegistrationsOfANameWins) {
    std::vector<std::function<Task<Result<User>>()>> starts;
    for (unsigned i = 0; i < 32; ++i) {
        NewUser user = make_new_user(in_case("grace", i), "grace" + std::to_string(i) + "@x.org");
        starts.emplace_back([this, user] { return store_->add_user(user, ""); });
    }
    const auto results = run_together(starts);
    EXPECT_TRUE(results.failures.empty());
    ASSERT_EQ(results.values.size(), 32U);
    EXPECT_EQ(count(results.values, [](const auto& user) { return user.has_value(); }), 1);
    EXPECT_EQ(waiting().size(), 1U);
    EXPECT_EQ(run_task(store_->list_users({})).size(), 1U);
}

TEST_P(StoreContract, OneOfManySimultaneousRegistrationsOfAnEmailWins) {
    std::vector<std::function<Task<Result<User>>()>> starts;
    for (unsigned i = 0; i < 32; ++i) {
        NewUser user = make_new_user("user" + std::to_string(i), in_case("grace", i) + "@x.org");
        starts.emplace_back([this, user] { return store_->add_user(user, ""); });
    }
    const auto results = run_together(starts);
    EXPECT_EQ(count(results.values, [](const auto& user) { return user.has_value(); }), 1);
    EXPECT_EQ(count(results.values, [](const auto& user) { return !user; }), 31);
}

TEST_P(StoreContract, OneOfManySimultaneousRefreshesRotatesTheOthersGetTheSameSuccessor) {
    const Session session = open(ada());
    std::vector<std::function<Task<Rotation>()>> starts;
    for (int i = 0; i < 32; ++i) {
        Rotate request = rotation_of(session, 1);
        request.refresh_key_id = "key-" + std::to_string(i);
        starts.emplace_back([this, request] { return store_->rotate_session(request); });
    }
    const auto results = run_together(starts);
    ASSERT_EQ(results.values.size(), 32U);
    const auto is = [](Outcome outcome) {
        return [outcome](const Rotation& rotation) { return rotation.outcome == outcome; };
    };
    EXPECT_EQ(count(results.values, is(Outcome::rotated)), 1);
    EXPECT_EQ(count(results.values, is(Outcome::repeated)), 31);
    const Session& first = results.values[0].session;
    for (const Rotation& rotation : results.values) {
        EXPECT_EQ(rotation.session.generation, 2);
        EXPECT_EQ(rotation.session.refresh_key_id, first.refresh_key_id);
        EXPECT_EQ(rotation.session.rotated_at, first.rotated_at);
        EXPECT_EQ(rotation.session.expires_at, first.expires_at);
    }
}

TEST_P(StoreContract, SimultaneousChangesOfAUserNumberWithoutGap) {
    const User user = ada();
    std::vector<std::function<Task<Result<User>>()>> starts;
    for (int i = 0; i < 40; ++i) {
        const std::string email = "ada" + std::to_string(i) + "@example.org";
        starts.emplace_back(
            [this, user, email] { return store_->set_email(user.id, email, email); });
    }
    EXPECT_EQ(run_together(starts).values.size(), 40U);
    const std::vector<Event> events = waiting();
    ASSERT_EQ(events.size(), 41U);
    for (std::size_t i = 0; i < events.size(); ++i)
        EXPECT_EQ(events[i].version, static_cast<std::int64_t>(i) + 1);
}

TEST_P(StoreContract, ReadersSeeWholeUsersWhileOthersWrite) {
    const User user = ada();
    const Session session = open(user);
    std::vector<std::function<Task<Result<Profile>>()>> reads;
    std::vector<std::function<Task<Result<User>>()>> writes;
    for (int i = 0; i < 200; ++i)
        reads.emplace_back(
            [this, session] { return store_->read_profile(session.user, session.id); });
    for (int i = 0; i < 50; ++i) {
        const std::string email = "ada" + std::to_string(i) + "@example.org";
        writes.emplace_back(
            [this, user, email] { return store_->set_email(user.id, email, email); });
    }
    Together<Result<User>> written;
    std::thread writer([&] { written = run_together(writes); });
    const auto read = run_together(reads);
    writer.join();
    EXPECT_EQ(written.values.size(), 50U);
    EXPECT_EQ(count(read.values, [](const auto& profile) { return profile.has_value(); }), 200);
}

TEST_P(StoreContract, LoopsBeyondThoseProvidedForReadToo) {
    const Session session = open(ada());
    Loops loops(1, 1000);
    std::atomic<bool> served = false;
    boost::asio::co_spawn(loops.at(0), store_->read_profile(session.user, session.id),
                          [&](std::exception_ptr error, const Result<Profile>& profile) {
                              served = !error && profile.has_value();
                          });
    loops.start();
    loops.finish();
    loops.join();
    EXPECT_TRUE(served);
}

}  // namespace
}  // namespace userd
