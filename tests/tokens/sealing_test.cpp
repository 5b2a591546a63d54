#include "tokens/sealing.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tokens/keys.hpp"

namespace userd {
namespace {

Secret master(char c) {
    return Secret(std::string(32, c));
}

class SealingTest : public testing::Test {
  protected:
    SealingKey key{master('m')};
    Secret plain{std::string_view("-----BEGIN PRIVATE KEY-----")};
    std::string sealed = key.seal(plain, "kid", "ES256");
};

TEST_F(SealingTest, WhatWasSealedOpensWithTheSameMasterKey) {
    const auto opened = SealingKey(master('m')).open(sealed, "kid", "ES256");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), plain.reveal());
}

TEST_F(SealingTest, TheSealedBytesShowNothingAndNeverRepeat) {
    EXPECT_EQ(sealed.find("PRIVATE"), std::string::npos);
    std::set<std::string> made;
    for (int i = 0; i < 100; ++i)
        made.insert(key.seal(plain, "kid", "ES256"));
    EXPECT_EQ(made.size(), 100U);
}

TEST_F(SealingTest, AnotherMasterKeyKidOrAlgorithmDoesNotOpenIt) {
    EXPECT_FALSE(SealingKey(master('n')).open(sealed, "kid", "ES256"));
    EXPECT_FALSE(key.open(sealed, "kie", "ES256"));
    EXPECT_FALSE(key.open(sealed, "kid", "RS256"));
    EXPECT_FALSE(key.open(sealed, "", "kidES256"));
    EXPECT_FALSE(key.open(sealed, "kidE", "S256"));
}

TEST_F(SealingTest, EveryFlippedBitAndEveryCutIsRefused) {
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string flipped = sealed;
        flipped[i] = static_cast<char>(flipped[i] ^ 1);
        EXPECT_FALSE(key.open(flipped, "kid", "ES256")) << i;
        EXPECT_FALSE(key.open(sealed.substr(0, i), "kid", "ES256")) << i;
    }
    EXPECT_FALSE(key.open(sealed + '\0', "kid", "ES256"));
}

TEST_F(SealingTest, TheIdNamesTheMasterKeyAndIsNoneOfItsKeys) {
    EXPECT_EQ(key.id(), SealingKey(master('m')).id());
    EXPECT_NE(key.id(), SealingKey(master('n')).id());
    EXPECT_EQ(key.id().size(), 22U);
    EXPECT_NE(key.id(), Key::from_secret(derive_key(master('m'), "sealing"))->id());
}

TEST_F(SealingTest, EmptyTextIsSealedToo) {
    const std::string nothing = key.seal(Secret(), "kid", "ES256");
    const auto opened = key.open(nothing, "kid", "ES256");
    ASSERT_TRUE(opened);
    EXPECT_TRUE(opened->empty());
}

}  // namespace
}  // namespace userd
