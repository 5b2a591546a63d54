#include "accounts/attempt_limits.hpp"

#include <gtest/gtest.h>

#include "store/sqlite/sqlite_store.hpp"
#include "support/run_task.hpp"
#include "support/temporary_folder.hpp"

namespace userd {
namespace {

using std::chrono::seconds;

const UserId kAda(*Uuid::parse("0190a000-0000-7000-8000-000000000001"));
const std::string kHome = "203.0.113.7";
const std::string kElsewhere = "198.51.100.9";

class AttemptLimitsTest : public ::testing::Test {
  protected:
    Clock clock() {
        return [this] { return now_; };
    }
    std::unique_ptr<Store> make_store() {
        SqliteSettings settings;
        settings.path = folder_.path() / "userd.db";
        settings.clock = clock();
        return make_sqlite_store(std::move(settings));
    }
    AttemptLimits make_limits(LimitSettings settings = {}) {
        return {*store_, Secret(std::string_view("0123456789abcdef0123456789abcdef")), settings,
                clock()};
    }
    AttemptLimits::Login begin(const std::string& address, const std::string& name = "ada",
                               std::optional<UserId> user = kAda) {
        return run_task(limits_.begin_login(name, user, address));
    }
    /// A failed login's answer: zero for 401, else the Retry-After of a 429.
    seconds fail(const std::string& address, const std::string& name = "ada",
                 std::optional<UserId> user = kAda) {
        const AttemptLimits::Login login = begin(address, name, user);
        if (login.retry_after.count() > 0) return login.retry_after;
        return run_task(limits_.login_failed(login));
    }
    bool succeed(const std::string& address) {
        const AttemptLimits::Login login = begin(address);
        if (login.retry_after.count() > 0) return false;
        run_task(limits_.login_succeeded(login));
        return true;
    }
    void pass(seconds time) { now_ += time; }

    TemporaryFolder folder_;
    Timestamp now_ = from_unix_seconds(1'800'000'000);
    std::unique_ptr<Store> store_ = make_store();
    AttemptLimits limits_ = make_limits();
};

TEST_F(AttemptLimitsTest, TheFirstTenFailuresCostNothingThenEachDoublesTheWait) {
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(fail(kElsewhere), seconds{0}) << i;
    for (const int wait : {1, 2, 4, 8, 16}) {
        EXPECT_EQ(fail(kElsewhere), seconds{wait});
        pass(seconds{wait - 1});
        EXPECT_EQ(fail(kElsewhere), seconds{1});
        pass(seconds{1});
        EXPECT_EQ(fail(kElsewhere), seconds{0});
    }
}

TEST_F(AttemptLimitsTest, TheWaitHasABoundAndTheWindowAnEnd) {
    for (int i = 0; i < 40; ++i) {
        const seconds wait = fail(kElsewhere);
        EXPECT_LE(wait, seconds{900});
        pass(wait);
        if (wait.count() > 0 && i > 30) break;
    }
    pass(seconds{3600});
    EXPECT_EQ(fail(kElsewhere), seconds{0});
}

TEST_F(AttemptLimitsTest, AnUnknownNameIsSlowedDownLikeAKnownOne) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(fail(kElsewhere, "nobody", std::nullopt), seconds{0});
        EXPECT_EQ(fail(kElsewhere, "ada", kAda), seconds{0});
    }
    EXPECT_EQ(fail(kElsewhere, "nobody", std::nullopt), fail(kElsewhere, "ada", kAda));
}

TEST_F(AttemptLimitsTest, TheNamesOfOneAccountDoNotTellOfEachOther) {
    for (int i = 0; i < 10; ++i)
        fail(kElsewhere, "ada");
    EXPECT_GT(fail(kElsewhere, "ada"), seconds{0});
    EXPECT_EQ(fail(kElsewhere, "ada@example.com"), seconds{0});
}

TEST_F(AttemptLimitsTest, AClientThatSucceededBeforeGetsInWhateverOthersDo) {
    EXPECT_TRUE(succeed(kHome));
    for (int i = 0; i < 300; ++i)
        fail(kElsewhere);
    EXPECT_GT(fail(kElsewhere), seconds{0});
    EXPECT_TRUE(succeed(kHome));
    // That does not help the others.
    EXPECT_GT(fail(kElsewhere), seconds{0});
}

TEST_F(AttemptLimitsTest, AKnownClientsWrongPasswordsSlowItDownButTheRightOneGetsIn) {
    EXPECT_TRUE(succeed(kHome));
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(fail(kHome), seconds{0});
    EXPECT_GT(fail(kHome), seconds{0});
    EXPECT_TRUE(succeed(kHome));
    EXPECT_EQ(fail(kHome), seconds{0});
}

TEST_F(AttemptLimitsTest, AKnownClientCannotGuessForEverAndIsNotHeldOffForEver) {
    EXPECT_TRUE(succeed(kHome));
    for (int i = 0; i < 100; ++i)
        fail(kHome);
    EXPECT_FALSE(succeed(kHome));
    // Refused attempts do not move the end of the window.
    pass(seconds{3000});
    EXPECT_FALSE(succeed(kHome));
    pass(seconds{600});
    EXPECT_TRUE(succeed(kHome));
}

TEST_F(AttemptLimitsTest, OneAddressThatTriesManyNamesIsSlowedDown) {
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(fail(kElsewhere, "name" + std::to_string(i), std::nullopt), seconds{0});
    EXPECT_GT(fail(kElsewhere, "fresh", std::nullopt), seconds{0});
    EXPECT_EQ(fail(kHome, "fresh", std::nullopt), seconds{0});
}

TEST_F(AttemptLimitsTest, UnknownAddressesShareNoCounter) {
    for (int i = 0; i < 300; ++i)
        EXPECT_EQ(fail("", "name" + std::to_string(i), std::nullopt), seconds{0});
    for (int i = 0; i < 200; ++i)
        EXPECT_EQ(run_task(limits_.count_registration("")), seconds{0});
}

TEST_F(AttemptLimitsTest, AttemptsUnderWayCountOnceTheAccountHasFailures) {
    fail(kElsewhere);
    std::vector<AttemptLimits::Login> under_way;
    int admitted = 0;
    for (int i = 0; i < 50; ++i) {
        under_way.push_back(begin(kElsewhere));
        if (under_way.back().retry_after.count() == 0) ++admitted;
    }
    EXPECT_EQ(admitted, 9);
    under_way.clear();
    pass(seconds{61});  // they were counted as tries, and had no outcome
    EXPECT_EQ(begin(kElsewhere).retry_after, seconds{0});
}

TEST_F(AttemptLimitsTest, ABurstAtSeveralReplicasGetsNoMoreThanTheFreeOnes) {
    AttemptLimits other = make_limits();
    AttemptLimits third = make_limits();
    EXPECT_EQ(fail(kElsewhere), seconds{0});
    std::vector<AttemptLimits::Login> looked_at;
    int number = 0;
    for (int i = 0; i < 20; ++i) {
        for (AttemptLimits* replica : {&limits_, &other, &third}) {
            const std::string address = "192.0.2." + std::to_string(++number);
            AttemptLimits::Login login = run_task(replica->begin_login("ada", kAda, address));
            if (login.retry_after.count() == 0) looked_at.push_back(std::move(login));
        }
    }
    EXPECT_EQ(looked_at.size(), 9U);
    // The right password was among them: all that is forgotten.
    run_task(limits_.login_succeeded(looked_at.back()));
    looked_at.clear();
    EXPECT_EQ(fail(kElsewhere), seconds{0});
    EXPECT_EQ(fail(kElsewhere), seconds{0});
}

TEST_F(AttemptLimitsTest, TriesThatNeverCameToAnEndAreForgottenInAMinute) {
    EXPECT_EQ(fail(kElsewhere), seconds{0});
    for (int i = 0; i < 30; ++i)
        (void)begin("192.0.2." + std::to_string(i));
    EXPECT_GT(begin(kElsewhere).retry_after, seconds{0});
    pass(seconds{61});
    EXPECT_EQ(begin(kElsewhere).retry_after, seconds{0});
}

TEST_F(AttemptLimitsTest, AfterAWaitAnAddressHasOneAttemptUnderWayWhateverTheNames) {
    for (int i = 0; i < 100; ++i)
        fail(kElsewhere, "name" + std::to_string(i), std::nullopt);
    pass(seconds{2});
    std::vector<AttemptLimits::Login> under_way;
    int admitted = 0;
    for (int i = 0; i < 20; ++i) {
        under_way.push_back(begin(kElsewhere, "other" + std::to_string(i), std::nullopt));
        if (under_way.back().retry_after.count() == 0) ++admitted;
    }
    EXPECT_EQ(admitted, 1);
    EXPECT_EQ(begin(kHome, "fresh", std::nullopt).retry_after, seconds{0});
    under_way.clear();
    EXPECT_EQ(begin(kElsewhere, "fresh", std::nullopt).retry_after, seconds{0});
}

TEST_F(AttemptLimitsTest, RegistrationsOfAnAddressAreLimitedUntilTheWindowEnds) {
    for (int i = 0; i < 60; ++i)
        EXPECT_EQ(run_task(limits_.count_registration(kHome)), seconds{0});
    EXPECT_EQ(run_task(limits_.count_registration(kHome)), seconds{3600});
    EXPECT_EQ(run_task(limits_.count_registration(kElsewhere)), seconds{0});
    pass(seconds{3600});
    EXPECT_EQ(run_task(limits_.count_registration(kHome)), seconds{0});
}

TEST_F(AttemptLimitsTest, CountersOutliveTheProcess) {
    for (int i = 0; i < 11; ++i)
        fail(kElsewhere);
    store_.reset();
    store_ = make_store();
    AttemptLimits again = make_limits();
    EXPECT_GT(run_task(again.begin_login("ada", kAda, kElsewhere)).retry_after, seconds{0});
}

TEST_F(AttemptLimitsTest, OffMeansOff) {
    AttemptLimits off = make_limits({.logins = false, .registrations = false});
    for (int i = 0; i < 200; ++i) {
        const AttemptLimits::Login login = run_task(off.begin_login("ada", kAda, kHome));
        EXPECT_EQ(login.retry_after, seconds{0});
        EXPECT_EQ(run_task(off.login_failed(login)), seconds{0});
        EXPECT_EQ(run_task(off.count_registration(kHome)), seconds{0});
    }
}

TEST(AddressGroup, IsTheAddressOrTheNetworkOfAnIpv6Customer) {
    EXPECT_EQ(address_group("203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(address_group("::ffff:203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(address_group("2001:db8:1:2:3:4:5:6"), address_group("2001:db8:1:2::1"));
    EXPECT_NE(address_group("2001:db8:1:2::1"), address_group("2001:db8:1:3::1"));
    EXPECT_EQ(address_group(""), std::nullopt);
    EXPECT_EQ(address_group("unknown"), std::nullopt);
}

}  // namespace
}  // namespace userd
