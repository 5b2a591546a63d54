#include "passwords/hasher.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <stdexcept>
#include <string>

#include "passwords/legacy.hpp"

namespace userd {
namespace {

using namespace std::string_view_literals;

const Hasher kCheap({8, 1});
constexpr std::string_view kPassword = "correct horse battery staple";

Secret secret(std::string_view text) {
    return Secret(text);
}

std::string long_password() {
    std::string text(1024, ' ');
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<char>('a' + i % 26);
    return text;
}

TEST(Hasher, WritesAPhcStringOfItsParameters) {
    const std::string stored = Hasher({64, 2}).hash(secret(kPassword));
    EXPECT_TRUE(std::regex_match(
        stored,
        std::regex(R"(\$argon2id\$v=19\$m=64,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43})")))
        << stored;
    EXPECT_TRUE(is_supported_hash(stored));
}

TEST(Hasher, DefaultsAreTheContracts) {
    const Hasher hasher{Argon2Settings{}};
    const std::string stored = hasher.hash(secret(kPassword));
    EXPECT_EQ(hash_format(stored), "argon2id$m=19456,t=2,p=1");
    EXPECT_TRUE(hasher.verify(secret(kPassword), stored));
    EXPECT_FALSE(hasher.verify(secret("correct horse battery stapl3"), stored));
}

TEST(Hasher, TheCostliestParametersThatAreTakenVerify) {
    for (const Hasher& hasher :
         {Hasher({kMaxArgon2MemoryKib, 1}), Hasher({8, kMaxArgon2Iterations})})
        EXPECT_TRUE(hasher.verify(secret(kPassword), hasher.hash(secret(kPassword))));
}

TEST(Hasher, NeverRepeatsASalt) {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i)
        seen.insert(kCheap.hash(secret(kPassword)));
    EXPECT_EQ(seen.size(), 200U);
}

TEST(Hasher, EveryByteOfThePasswordCounts) {
    const std::string whole = long_password();
    const std::string stored = kCheap.hash(secret(whole));
    EXPECT_TRUE(kCheap.verify(secret(whole), stored));
    for (const std::size_t at : {0, 71, 72, 73, 127, 128, 255, 256, 512, 1022, 1023}) {
        std::string other = whole;
        other[at] = '!';
        EXPECT_FALSE(kCheap.verify(secret(other), stored)) << at;
    }
    EXPECT_FALSE(kCheap.verify(secret(whole.substr(0, 1023)), stored));
    EXPECT_FALSE(kCheap.verify(secret(whole + "a"), stored));
}

TEST(Hasher, EmptyPasswordMatchesOnlyItself) {
    const std::string stored = kCheap.hash(Secret());
    EXPECT_TRUE(kCheap.verify(Secret(), stored));
    EXPECT_FALSE(kCheap.verify(secret(" "), stored));
    EXPECT_FALSE(kCheap.verify(Secret(), kCheap.hash(secret(" "))));
}

TEST(Hasher, NulDoesNotEndAPassword) {
    const std::string stored = kCheap.hash(secret("one\0two"sv));
    EXPECT_TRUE(kCheap.verify(secret("one\0two"sv), stored));
    EXPECT_FALSE(kCheap.verify(secret("one"), stored));
    EXPECT_FALSE(kCheap.verify(secret("one\0six"sv), stored));
}

TEST(Hasher, NoOtherCharacterAnywhereInTheStoredHashMatches) {
    const std::string stored = kCheap.hash(secret(kPassword));
    for (std::size_t at = 0; at < stored.size(); ++at) {
        for (const char c : {'A', '2', '$', ' ', '\0'}) {
            if (stored[at] == c) continue;
            std::string other = stored;
            other[at] = c;
            EXPECT_FALSE(kCheap.verify(secret(kPassword), other)) << other;
        }
        EXPECT_FALSE(kCheap.verify(secret(kPassword), stored.substr(0, at)));
    }
}

TEST(Hasher, StoredHashIsNotItsOwnPassword) {
    const std::string stored = kCheap.hash(secret(kPassword));
    EXPECT_FALSE(kCheap.verify(secret(stored), stored));
}

TEST(Hasher, ImpossibleParametersThrowInsteadOfHashingWeakly) {
    EXPECT_THROW((void)Hasher({1, 1}).hash(secret(kPassword)), std::invalid_argument);
    EXPECT_THROW((void)Hasher({64, 0}).hash(secret(kPassword)), std::invalid_argument);
}

TEST(Hasher, RehashesWhatIsNotItsOwnFormat) {
    const Hasher hasher({64, 2});
    const std::string own = hasher.hash(secret(kPassword));
    EXPECT_FALSE(hasher.needs_rehash(own));
    EXPECT_TRUE(Hasher({65, 2}).needs_rehash(own));
    EXPECT_TRUE(Hasher({64, 3}).needs_rehash(own));
    EXPECT_TRUE(Hasher({8, 1}).needs_rehash(own));
    // same parameters, but lanes, variant, salt or digest of another size
    for (const char* const other :
         {"$argon2id$v=19$m=64,t=2,p=2$c2l4dGVlbiBieXRlIHNhbA$"
          "Vn18gJxcsY/jZixu5V2Z+zwfCBtfcd64liqM4BOIE2I",
          "$argon2i$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNhbA$"
          "Vn18gJxcsY/jZixu5V2Z+zwfCBtfcd64liqM4BOIE2I",
          "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$K/AJNFH8hUC5otTqUI10VA",
          "$2b$04$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji",
          "pbkdf2_sha256$1000$seasalt2024Xyz$9uVxizPQ3FwSGYtHLo893OD0HRitiwK8BFZuFvH+Xbs="}) {
        EXPECT_TRUE(is_supported_hash(other)) << other;
        EXPECT_TRUE(hasher.needs_rehash(other)) << other;
    }
}

// Written by argon2-cffi 23 (the reference implementation) and passlib 1.7.4.
class ForeignArgon2 : public testing::TestWithParam<const char*> {};

TEST_P(ForeignArgon2, MatchesItsPasswordOnly) {
    EXPECT_TRUE(is_supported_hash(GetParam()));
    EXPECT_TRUE(kCheap.verify(secret(kPassword), GetParam()));
    EXPECT_FALSE(kCheap.verify(secret("Correct horse battery staple"), GetParam()));
    EXPECT_FALSE(kCheap.verify(Secret(), GetParam()));
    EXPECT_TRUE(kCheap.needs_rehash(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Vectors, ForeignArgon2,
    testing::Values(
        "$argon2id$v=19$m=64,t=1,p=1$c2l4dGVlbiBieXRlIHNhbA$"
        "JsaLUlkxJnBPrGzjNFDCGI3TWdWD7sd7F447SohvVgM",
        "$argon2id$v=19$m=64,t=3,p=1$c2l4dGVlbiBieXRlIHNhbA$"
        "F5n7aA17JETaIAgfzpfVqCovbw554wJ3BmcdLVAAwlQ",
        "$argon2id$v=19$m=256,t=2,p=4$c2l4dGVlbiBieXRlIHNhbA$"
        "eLaXYhbvAr7cH9xod8gAf2k1gZ+HSMtDolKyfhF9DIc",
        "$argon2id$v=19$m=1024,t=2,p=8$c2l4dGVlbiBieXRlIHNhbA$"
        "WW79M4tM1hSBWu8c82OyL5OLoIQ29/Q/2K2hGbu+BwY",
        "$argon2id$v=19$m=128,t=1,p=16$c2l4dGVlbiBieXRlIHNhbA$"
        "6RNAqdRcFYAJ3Pu0g9WxTYkZcMFJ6ihr8zwoRjjZe+8",
        "$argon2i$v=19$m=64,t=1,p=1$c2l4dGVlbiBieXRlIHNhbA$"
        "ixjUlSb7ii17wNTYL0V52eN3+HsdpbPAfbiE0IauYFs",
        "$argon2i$v=19$m=64,t=3,p=1$c2l4dGVlbiBieXRlIHNhbA$"
        "kQ5Sv6wBsMJsQJ1EQ5DntEh8GPyYzopuYmRNHMC9KA0",
        "$argon2i$v=19$m=1024,t=2,p=8$c2l4dGVlbiBieXRlIHNhbA$"
        "GKPSSGNKqEC/22jtj7p1SPyD/SFLsY0KHdKR/ecbtB8",
        "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$K/AJNFH8hUC5otTqUI10VA",
        "$argon2id$v=19$m=64,t=2,p=2$c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M$"
        "egDELYyaAHhEA3V20EdQj7OwWQDwVu4QFDEJg8Q5OlvkmWPcM/s6Xv3eoG6tSqMrqUtL5F2JbyagT3zjhvpviA",
        "$argon2id$v=19$m=512,t=2,p=4$/L/XmjMmxLg35jwHgLC2Ng$"
        "u8nvHfcrGrxQI5DGnqVdLGNKM7ScP6EGm0nhQpCFxpI"));

TEST(ForeignArgon2, EmptyAndLongPasswordsMatch) {
    EXPECT_TRUE(kCheap.verify(Secret(),
                              "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNhbA$"
                              "Vn18gJxcsY/jZixu5V2Z+zwfCBtfcd64liqM4BOIE2I"));
    EXPECT_TRUE(kCheap.verify(secret(long_password()),
                              "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNhbA$"
                              "792jzxctBFgMhdBmf5U8EzNRiVJxXNWfkz/OQt9Ky4w"));
}

}  // namespace
}  // namespace userd
