#include <gmock/gmock.h>

#include "store/store_contract.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

StoredKey make_key(const std::string& id, KeyState state, const std::string& algorithm = "ES256") {
    StoredKey key;
    key.id = id;
    key.algorithm = algorithm;
    key.state = state;
    key.public_jwk = R"({"kty":"EC"})";
    key.sealed = "sealed-" + id;
    key.sealed_by = "sealer-1";
    key.created_at = from_unix_millis(1'700'000'000'123);
    if (state != KeyState::next) key.activated_at = from_unix_millis(1'700'000'001'456);
    if (state == KeyState::retired) key.verify_until = from_unix_millis(1'700'000'002'789);
    return key;
}

class KeyRingContract : public StoreContract {
  protected:
    bool replace(std::int64_t expected, std::vector<StoredKey> keys) {
        return run_task(store_->replace_key_ring(expected, std::move(keys)));
    }
    StoredKeyRing ring() { return run_task(store_->read_key_ring()); }
    std::int64_t version() { return run_task(store_->key_ring_version()); }
};

INSTANTIATE_TEST_SUITE_P(Backends, KeyRingContract, testing::ValuesIn(backends()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(KeyRingContract, KeysOfEveryStateComeBackAsTheyWere) {
    const std::vector<StoredKey> keys = {make_key("a", KeyState::retired),
                                         make_key("b", KeyState::active),
                                         make_key("c", KeyState::next)};
    ASSERT_TRUE(replace(0, keys));
    const StoredKeyRing stored = ring();
    EXPECT_EQ(stored.version, 1);
    EXPECT_THAT(stored.keys, UnorderedElementsAre(keys[0], keys[1], keys[2]));
}

TEST_P(KeyRingContract, SealedPartsAreBytesWhateverTheyAre) {
    StoredKey every = make_key("every", KeyState::active);
    every.sealed.clear();
    for (int byte = 0; byte < 256; ++byte)
        every.sealed.push_back(static_cast<char>(byte));
    StoredKey zeros = make_key("zeros", KeyState::next);
    zeros.sealed = std::string(40, '\0');
    StoredKey empty = make_key("empty", KeyState::active, "EdDSA");
    empty.sealed.clear();
    ASSERT_TRUE(replace(0, {every, zeros, empty}));
    EXPECT_THAT(ring().keys, UnorderedElementsAre(every, zeros, empty));
}

TEST_P(KeyRingContract, ReplacementTakesThePlaceOfTheWholeRing) {
    ASSERT_TRUE(replace(0, {make_key("a", KeyState::active), make_key("b", KeyState::next)}));
    const StoredKey key = make_key("c", KeyState::active);
    ASSERT_TRUE(replace(1, {key}));
    EXPECT_EQ(version(), 2);
    EXPECT_THAT(ring().keys, ElementsAre(key));
    ASSERT_TRUE(replace(2, {}));
    EXPECT_EQ(version(), 3);
    EXPECT_TRUE(ring().keys.empty());
}

TEST_P(KeyRingContract, OtherThanTheExpectedVersionChangesNothing) {
    const StoredKey key = make_key("a", KeyState::active);
    ASSERT_TRUE(replace(0, {key}));
    for (const std::int64_t stale : {0, 2, -1})
        EXPECT_FALSE(replace(stale, {make_key("b", KeyState::active)})) << stale;
    EXPECT_EQ(version(), 1);
    EXPECT_THAT(ring().keys, ElementsAre(key));
}

TEST_P(KeyRingContract, SecondActiveKeyOfAnAlgorithmIsRefusedAndTheRingStays) {
    const StoredKey key = make_key("a", KeyState::active);
    ASSERT_TRUE(replace(0, {key}));
    EXPECT_THROW(replace(1, {make_key("b", KeyState::active), make_key("c", KeyState::active)}),
                 std::runtime_error);
    EXPECT_THROW(replace(1, {make_key("b", KeyState::next), make_key("c", KeyState::next)}),
                 std::runtime_error);
    EXPECT_THROW(replace(1, {make_key("b", KeyState::active), make_key("b", KeyState::next)}),
                 std::runtime_error);
    StoredKey endless = make_key("b", KeyState::retired);
    endless.verify_until.reset();
    EXPECT_THROW(replace(1, {endless}), std::runtime_error);
    EXPECT_EQ(version(), 1);
    EXPECT_THAT(ring().keys, ElementsAre(key));
    EXPECT_TRUE(
        replace(1, {make_key("b", KeyState::active), make_key("c", KeyState::active, "EdDSA"),
                    make_key("d", KeyState::retired), make_key("e", KeyState::retired)}));
}

TEST_P(KeyRingContract, OneOfManySimultaneousReplacementsWins) {
    std::vector<std::function<Task<bool>()>> starts;
    for (int i = 0; i < 16; ++i) {
        const std::vector<StoredKey> keys = {make_key("a" + std::to_string(i), KeyState::active),
                                             make_key("n" + std::to_string(i), KeyState::next)};
        starts.emplace_back([this, keys] { return store_->replace_key_ring(0, keys); });
    }
    const auto replaced = run_together(starts);
    EXPECT_TRUE(replaced.failures.empty());
    ASSERT_EQ(replaced.values.size(), 16U);
    EXPECT_EQ(std::count(replaced.values.begin(), replaced.values.end(), true), 1);
    EXPECT_EQ(version(), 1);
    const StoredKeyRing stored = ring();
    ASSERT_EQ(stored.keys.size(), 2U);
    EXPECT_EQ(stored.keys[0].id.substr(1), stored.keys[1].id.substr(1)) << "of one replacement";
}

TEST_P(KeyRingContract, ReadersSeeTheKeysOfTheVersionTheySee) {
    std::vector<std::function<Task<StoredKeyRing>()>> reads(
        200, [this] { return store_->read_key_ring(); });
    std::thread writer([this] {
        for (int i = 0; i < 30; ++i)
            replace(i, {make_key(std::to_string(i + 1), KeyState::active)});
    });
    const auto rings = run_together(reads);
    writer.join();
    ASSERT_EQ(rings.values.size(), 200U);
    for (const StoredKeyRing& seen : rings.values) {
        ASSERT_EQ(seen.keys.size(), seen.version == 0 ? 0U : 1U);
        if (seen.version > 0) {
            EXPECT_EQ(seen.keys[0].id, std::to_string(seen.version));
        }
    }
    EXPECT_EQ(version(), 30);
}

}  // namespace
}  // namespace userd
