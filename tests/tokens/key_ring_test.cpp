#include "tokens/key_ring.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/errc.hpp"

namespace userd {
namespace {

KeyPointer secret_of(char c) {
    return Key::from_secret(Secret(std::string(32, c)));
}

std::shared_ptr<const KeySet> set_of(KeyPointer signing, KeyList verifying = {}) {
    return std::make_shared<KeySet>(
        KeySet::Parts{std::move(signing), std::move(verifying), secret_of('r'), nullptr});
}

TEST(KeySet, TheJwksHasEveryPublicKeyOnceAndTheSigningOneFirst) {
    const auto first = Key::generate(Algorithm::es256);
    const auto second = Key::generate(Algorithm::eddsa);
    EXPECT_EQ(set_of(second, {first, second})->jwks(),
              R"({"keys":[)" + second->public_jwk() + "," + first->public_jwk() + "]}");
}

TEST(KeySet, SecretsAreNeverInTheJwks) {
    const auto pair = Key::generate(Algorithm::es256);
    EXPECT_EQ(set_of(secret_of('a'))->jwks(), R"({"keys":[]})");
    EXPECT_EQ(set_of(secret_of('a'), {pair, secret_of('b')})->jwks(),
              R"({"keys":[)" + pair->public_jwk() + "]}");
}

TEST(KeySet, KeysThatSignAreNeeded) {
    EXPECT_THROW(set_of(nullptr), std::invalid_argument);
    EXPECT_THROW(KeySet({secret_of('a'), {}, nullptr, nullptr}), std::invalid_argument);
}

TEST(CurrentKeys, BeforeTheFirstOnesNothingIsServedAlsoByAThreadThatHasOthers) {
    CurrentKeys others(set_of(secret_of('a')));
    CurrentKeys keys;
    EXPECT_THROW((void)keys.get(), StoreUnavailable);
    (void)others.get();
    EXPECT_THROW((void)keys.get(), StoreUnavailable);
    keys.set(set_of(secret_of('b')));
    EXPECT_NO_THROW((void)keys.get());
}

TEST(CurrentKeys, SeveralObjectsDoNotMixOnOneThread) {
    CurrentKeys one(set_of(secret_of('a')));
    CurrentKeys other(set_of(secret_of('b')));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(one.get().signing().id(), secret_of('a')->id());
        EXPECT_EQ(other.get().signing().id(), secret_of('b')->id());
    }
    one.set(set_of(secret_of('c')));
    EXPECT_EQ(one.get().signing().id(), secret_of('c')->id());
}

TEST(CurrentKeys, ReadersSeeWholeSetsAndTheLastOneInTheEnd) {
    constexpr int kExchanges = 300;
    CurrentKeys keys(set_of(secret_of('a'), {secret_of('A')}));
    std::atomic<bool> done{false};
    std::atomic<int> torn{0};
    std::atomic<int> late{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            const auto check = [&] {
                const KeySet& set = keys.get();
                const std::string id = set.signing().id();
                const bool first = id == secret_of('a')->id();
                if (find_key(set.access(), secret_of(first ? 'A' : 'B')->id()) == nullptr) ++torn;
                return id;
            };
            while (!done)
                check();
            if (check() != secret_of('b')->id()) ++late;
        });
    for (int i = 0; i < kExchanges; ++i) {
        keys.set(set_of(secret_of('a'), {secret_of('A')}));
        keys.set(set_of(secret_of('b'), {secret_of('B')}));
    }
    done = true;
    for (std::thread& reader : readers)
        reader.join();
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(late, 0);
}

}  // namespace
}  // namespace userd
