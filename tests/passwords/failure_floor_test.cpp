#include "passwords/failure_floor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "passwords/hasher.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::string kArgon2 = "argon2id$m=19456,t=2,p=1";
const std::string kBcrypt = "bcrypt$12";
const std::string kPbkdf2 = "pbkdf2_sha256$600000";

TEST(FailureFloor, IsZeroWhileNothingIsKnown) {
    FailureFloor floor;
    EXPECT_EQ(floor.get(), 0ns);
    floor.set_formats({kArgon2});
    EXPECT_EQ(floor.get(), 0ns);
}

TEST(FailureFloor, IsTheCostliestFormatInUse) {
    FailureFloor floor;
    floor.set_formats({kArgon2, kBcrypt});
    floor.record(kBcrypt, 200ms);
    floor.record(kArgon2, 20ms);
    EXPECT_EQ(floor.get(), 200ms);
}

TEST(FailureFloor, ForgetsAFormatWithItsLastUser) {
    FailureFloor floor;
    floor.set_formats({kArgon2, kBcrypt});
    floor.record(kBcrypt, 200ms);
    floor.record(kArgon2, 20ms);
    floor.set_formats({kArgon2});
    EXPECT_EQ(floor.get(), 20ms);
    floor.record(kBcrypt, 500ms);
    EXPECT_EQ(floor.get(), 20ms);
    floor.set_formats({kArgon2, kBcrypt});
    EXPECT_THAT(floor.unmeasured(), UnorderedElementsAre(kBcrypt));
}

TEST(FailureFloor, RisesAtOnceAndFallsSlowly) {
    FailureFloor floor;
    floor.set_formats({kArgon2});
    floor.record(kArgon2, 20ms);
    floor.record(kArgon2, 30ms);
    EXPECT_EQ(floor.get(), 30ms);
    floor.record(kArgon2, 20ms);
    EXPECT_LT(floor.get(), 30ms);
    EXPECT_GT(floor.get(), 29ms);
    for (int i = 0; i < 5000; ++i)
        floor.record(kArgon2, 20ms);
    EXPECT_LT(floor.get(), 20100us);
    EXPECT_GE(floor.get(), 20ms);
}

TEST(FailureFloor, DoesNotFallByHashesInMemoryThatWasThere) {
    FailureFloor floor;
    floor.set_formats({kArgon2});
    floor.record(kArgon2, 20ms);
    for (int i = 0; i < 5000; ++i)
        floor.record(kArgon2, 12ms, false);
    EXPECT_EQ(floor.get(), 20ms);
    floor.record(kArgon2, 21ms, false);
    EXPECT_EQ(floor.get(), 21ms);
}

TEST(FailureFloor, NearlyEveryTimeOfASpreadLiesBelow) {
    FailureFloor floor;
    floor.set_formats({kArgon2});
    std::uint64_t state = 1;
    int above = 0;
    constexpr int kTimes = 20'000;
    for (int i = 0; i < kTimes; ++i) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        const auto took = 20ms + std::chrono::microseconds((state >> 33) % 10'000);
        if (took > floor.get()) ++above;
        floor.record(kArgon2, took);
    }
    EXPECT_LT(above, kTimes / 10);
}

TEST(FailureFloor, OneStalledHashDoesNotHoldFailuresForLong) {
    FailureFloor floor;
    floor.set_formats({kArgon2});
    floor.record(kArgon2, 20ms);
    floor.record(kArgon2, 24h);
    EXPECT_LE(floor.get(), 10s);
    for (int i = 0; i < 100; ++i)
        floor.record(kArgon2, 20ms);
    EXPECT_LT(floor.get(), 100ms);
}

TEST(FailureFloor, NegativeTimeIsNone) {
    FailureFloor floor;
    floor.set_formats({kArgon2});
    floor.record(kArgon2, -5ms);
    EXPECT_EQ(floor.get(), 0ns);
}

TEST(FailureFloor, NamesWhatMustBeMeasured) {
    FailureFloor floor;
    floor.set_formats({kArgon2, kBcrypt, kBcrypt, kPbkdf2});
    EXPECT_THAT(floor.unmeasured(), UnorderedElementsAre(kArgon2, kBcrypt, kPbkdf2));
    floor.record(kBcrypt, 200ms);
    EXPECT_THAT(floor.unmeasured(), UnorderedElementsAre(kArgon2, kPbkdf2));
}

TEST(FailureFloor, WhatIsNeverComputedNeedNotBeMeasured) {
    FailureFloor floor;
    floor.set_formats({"unknown", "", "bcrypt$31", "pbkdf2_sha256$5000001", "argon2d$m=8,t=1,p=1"});
    EXPECT_THAT(floor.unmeasured(), IsEmpty());
}

class ExampleHash : public testing::TestWithParam<const char*> {};

TEST_P(ExampleHash, IsOfItsFormatAndMatchesNothing) {
    const std::string example = example_hash(GetParam());
    EXPECT_EQ(hash_format(example), GetParam()) << example;
    EXPECT_NE(example, example_hash(GetParam()));
    const Hasher hasher({8, 1});
    EXPECT_FALSE(hasher.verify(Secret(), example));
    EXPECT_FALSE(hasher.verify(Secret(std::string_view("password")), example));
}

INSTANTIATE_TEST_SUITE_P(Known, ExampleHash,
                         testing::Values("argon2id$m=19456,t=2,p=1", "argon2id$m=64,t=3,p=4",
                                         "argon2i$m=8,t=1,p=1", "bcrypt$4", "bcrypt$10",
                                         "pbkdf2_sha256$1", "pbkdf2_sha256$29000"));

class NoExampleHash : public testing::TestWithParam<const char*> {};

TEST_P(NoExampleHash, ForWhatIsNoFormat) {
    EXPECT_EQ(example_hash(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Unknown, NoExampleHash,
                         testing::Values("", "unknown", "argon2id", "argon2id$", "argon2id$m=8,t=1",
                                         "argon2d$m=8,t=1,p=1", "argon2id$m=262145,t=1,p=1",
                                         "bcrypt", "bcrypt$", "bcrypt$3", "bcrypt$04", "bcrypt$16",
                                         "bcrypt$31", "bcrypt$004", "pbkdf2_sha256$",
                                         "pbkdf2_sha256$0", "pbkdf2_sha256$01",
                                         "pbkdf2_sha256$5000001", "pbkdf2_sha256$1$x"));

}  // namespace
}  // namespace userd
