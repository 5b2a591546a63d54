#include "accounts/key_vault.hpp"

#include <sodium.h>

#include "accounts/key_keeper_fixture.hpp"

namespace userd {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Timestamp kNow = from_unix_seconds(1'800'000'000);

std::string refusal_of(const KeyVault& vault, const StoredKey& stored) {
    try {
        (void)vault.take(stored);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return {};
}

class KeyVaultTest : public testing::Test {
  protected:
    KeyVault vault{master_key('m'), Secret()};
    KeyPointer key = Key::generate(Algorithm::es256);
    StoredKey stored = vault.put(*key, kNow);
};

TEST_F(KeyVaultTest, WhatIsPutInComesOutTheSame) {
    for (const Algorithm algorithm : {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256}) {
        const auto made = Key::generate(algorithm);
        const KeyPointer taken = vault.take(vault.put(*made, kNow));
        EXPECT_EQ(taken->id(), made->id());
        EXPECT_TRUE(made->verify("input", taken->sign("input")));
    }
}

TEST_F(KeyVaultTest, ASecretIsNotTaken) {
    EXPECT_THROW((void)vault.put(*Key::from_secret(master_key('s')), kNow), std::invalid_argument);
}

TEST_F(KeyVaultTest, AKeySealedUnderTheFormerMasterKeyOpensAndIsSealedAnew) {
    const KeyVault changed(master_key('n'), master_key('m'));
    EXPECT_EQ(changed.take(stored)->id(), key->id());
    const std::string before = stored.sealed;
    EXPECT_TRUE(changed.renew(stored));
    EXPECT_NE(stored.sealed, before);
    EXPECT_FALSE(changed.renew(stored));
    EXPECT_EQ(KeyVault(master_key('n'), Secret()).take(stored)->id(), key->id());
    EXPECT_THAT(refusal_of(vault, stored), HasSubstr("MASTER_KEY_PREVIOUS"));
}

TEST_F(KeyVaultTest, AMasterKeyThatFitsNotIsToldFromARowThatIsSpoilt) {
    EXPECT_THAT(refusal_of(KeyVault(master_key('x'), master_key('y')), stored),
                HasSubstr("MASTER_KEY_PREVIOUS"));
    stored.sealed.back() = static_cast<char>(stored.sealed.back() ^ 1);
    EXPECT_THAT(refusal_of(vault, stored), HasSubstr(key->id()));
    EXPECT_THAT(refusal_of(vault, stored), Not(HasSubstr("MASTER_KEY_PREVIOUS")));
}

TEST_F(KeyVaultTest, WhatSomeoneElseWroteIntoTheTableIsNotBelieved) {
    const auto forger = Key::generate(Algorithm::es256);
    StoredKey forged = stored;
    forged.public_jwk = forger->public_jwk();
    EXPECT_EQ(vault.take(forged)->public_jwk(), key->public_jwk());

    forged = KeyVault(master_key('f'), Secret()).put(*forger, kNow);
    forged.sealed_by = stored.sealed_by;
    EXPECT_NE(refusal_of(vault, forged), "");

    StoredKey swapped = stored;
    swapped.sealed = vault.put(*forger, kNow).sealed;
    EXPECT_NE(refusal_of(vault, swapped), "");

    for (const std::string algorithm : {"EdDSA", "RS256", "HS256", "none", ""}) {
        StoredKey other = stored;
        other.algorithm = algorithm;
        EXPECT_NE(refusal_of(vault, other), "") << algorithm;
    }
}

TEST_F(KeyKeeperTest, AfterAMasterKeyChangeTheRingIsSealedAnewAndOpensWithoutTheFormer) {
    const std::string old = started()->token(now());
    master = 'n';
    previous_master = 'm';
    const auto changed = started();
    EXPECT_TRUE(changed->takes(old, now()));
    const std::int64_t version = store.ring().version;
    started();
    EXPECT_EQ(store.ring().version, version);
    previous_master = '\0';
    EXPECT_TRUE(started()->takes(old, now()));
}

TEST_F(KeyKeeperTest, WithoutTheFormerMasterKeyTheStartSaysWhatIsMissingAndChangesNothing) {
    started();
    const StoredKeyRing ring = store.ring();
    master = 'n';
    EXPECT_THAT(refusal_to_start(), HasSubstr("MASTER_KEY_PREVIOUS"));
    previous_master = 'x';
    EXPECT_THAT(refusal_to_start(), HasSubstr("MASTER_KEY_PREVIOUS"));
    EXPECT_EQ(store.ring().version, ring.version);
    EXPECT_EQ(store.ring().keys, ring.keys);
}

TEST_F(KeyKeeperTest, AKeyWhoseTokensHaveExpiredNeedNotOpen) {
    started();
    settings.algorithm = Algorithm::hs256;
    started();
    pass(settings.access_lifetime + std::chrono::seconds(60));
    master = 'n';
    EXPECT_EQ(refusal_to_start(), "");
    EXPECT_TRUE(store.ring().keys.empty());
}

TEST_F(KeyKeeperTest, ARingThatDoesNotOpenIsReportedAndTheFormerKeysServeOn) {
    const auto one = started();
    const std::string before = one->signer();
    store.change([](StoredKeys& keys) {
        const KeyVault stranger(master_key('x'), Secret());
        keys = {stranger.put(*Key::generate(Algorithm::es256), kNow)};
        keys.front().state = KeyState::active;
    });
    EXPECT_THROW(one->keep(), std::runtime_error);
    EXPECT_THROW(one->keep(), std::runtime_error);
    EXPECT_EQ(one->changes, 0);
    EXPECT_EQ(one->signer(), before);
}

TEST_F(KeyKeeperTest, ReplicasChangeTheMasterKeyOneAfterTheOther) {
    // First every replica accepts the key to come, then each takes it as its own.
    previous_master = 'n';
    const auto old = started();
    master = 'n';
    previous_master = 'm';
    const auto young = started();
    old->keep();
    EXPECT_TRUE(old->takes(young->token(now()), now()));
    EXPECT_TRUE(young->takes(old->token(now()), now()));
    run_task(old->keeper.rotate(true));
    young->keep();
    pass(std::chrono::seconds(5));
    young->keep();
    EXPECT_EQ(young->signer(), old->signer());
    const RefreshClaims claims{UserId{}, SessionId{}, 1, now(), now() + std::chrono::days(1)};
    const auto made = young->tokens->make_refresh(claims, young->tokens->refresh_key_id());
    ASSERT_TRUE(made);
    EXPECT_TRUE(old->tokens->check_refresh(*made, now()));
    EXPECT_EQ(old->tokens->make_refresh(claims, young->tokens->refresh_key_id()), made);
}

TEST_F(KeyKeeperTest, AnImportedKeySignsAfterTheLeadAndTwiceIsRefused) {
    const auto one = started();
    const auto given = Key::generate(Algorithm::es256);
    EXPECT_EQ(run_task(one->keeper.import(given->private_bytes())).kid, given->id());
    EXPECT_NE(one->signer(), given->id());
    EXPECT_THAT(one->keeper.jwks(), HasSubstr(given->id()));
    EXPECT_THAT(run_task(one->keeper.import(given->private_bytes())).refusal,
                HasSubstr("in the ring already"));
    pass(settings.lead);
    one->keep();
    EXPECT_EQ(one->signer(), given->id());
}

/// PKCS#8 of P-256 ends with the public point: one key's private half with another's public one.
Secret mismatched_pem() {
    constexpr std::size_t kPoint = 65;
    const auto der_of = [](const Key& key) {
        const Secret pem = key.private_bytes();
        std::string_view text = pem.reveal();
        text.remove_prefix(text.find('\n') + 1);
        text = text.substr(0, text.find("-----"));
        std::string der(text.size(), '\0');
        std::size_t size = 0;
        if (sodium_base642bin(reinterpret_cast<unsigned char*>(der.data()), der.size(), text.data(),
                              text.size(), "\n", &size, nullptr,
                              sodium_base64_VARIANT_ORIGINAL) != 0)
            throw std::logic_error("no base64");
        der.resize(size);
        return der;
    };
    std::string der = der_of(*Key::generate(Algorithm::es256));
    const std::string other = der_of(*Key::generate(Algorithm::es256));
    der.replace(der.size() - kPoint, kPoint, other, other.size() - kPoint, kPoint);
    std::string base64(sodium_base64_ENCODED_LEN(der.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(base64.data(), base64.size(),
                      reinterpret_cast<const unsigned char*>(der.data()), der.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    base64.pop_back();
    for (std::size_t at = 64; at < base64.size(); at += 65)
        base64.insert(at, "\n");
    return Secret("-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");
}

TEST_F(KeyKeeperTest, KeysThatAreNoneOrOfAnotherAlgorithmOrFalseAreNotImported) {
    const auto one = started();
    const std::int64_t version = store.ring().version;
    std::vector<Secret> bad;
    bad.emplace_back(std::string_view(""));
    bad.emplace_back(std::string_view("-----BEGIN PRIVATE KEY-----\nAAAA\n"));
    bad.push_back(Key::generate(Algorithm::eddsa)->private_bytes());
    bad.push_back(Key::generate(Algorithm::rs256)->private_bytes());
    bad.push_back(mismatched_pem());
    for (Secret& pem : bad) {
        const std::string shown = std::to_string(pem.size()) + " bytes";
        EXPECT_NE(run_task(one->keeper.import(std::move(pem))).refusal, "") << shown;
    }
    EXPECT_EQ(store.ring().version, version);
}

}  // namespace
}  // namespace userd
