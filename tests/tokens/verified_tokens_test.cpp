#include <gtest/gtest.h>

#include "support/late_answers.hpp"
#include "tokens/jwt.hpp"
#include "tokens/tokens.hpp"

namespace userd {
namespace {

constexpr Timestamp kNow = from_unix_seconds(1'800'000'000);

KeyPointer key_of(char c) {
    return Key::from_secret(Secret(std::string(32, c)));
}

std::shared_ptr<const KeySet> keys_of(KeyPointer access, KeyList verifying = {}) {
    return std::make_shared<KeySet>(
        KeySet::Parts{std::move(access), std::move(verifying), key_of('r'), nullptr});
}

class RememberedToken : public testing::Test {
  protected:
    RememberedToken() {
        EXPECT_TRUE(tokens_.check_access(token_, kNow));
        EXPECT_TRUE(tokens_.check_access(token_, kNow));
    }

    KeyPointer key_ = Key::generate(Algorithm::es256);
    Tokens tokens_{TokenSettings{}, keys_of(key_)};
    UserId user_ = UserId::make(kNow);
    SessionId session_ = SessionId::make(kNow);
    std::string token_ = tokens_.make_access(user_, session_, "ada", kNow);
};

TEST_F(RememberedToken, SaysTheSameAsAtFirst) {
    const AccessClaimsPointer claims = tokens_.check_access(token_, kNow);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->user, user_);
    EXPECT_EQ(claims->session, session_);
    EXPECT_EQ(claims->username, "ada");
    EXPECT_EQ(claims->issued_at, kNow);
    EXPECT_EQ(claims->expires_at, kNow + std::chrono::minutes(5));
}

TEST_F(RememberedToken, EndsWithItsTimeAndIsNotYetGoodBeforeIt) {
    EXPECT_TRUE(tokens_.check_access(token_, kNow + std::chrono::seconds(299)));
    EXPECT_FALSE(tokens_.check_access(token_, kNow + std::chrono::seconds(300)));
    EXPECT_FALSE(tokens_.check_access(token_, kNow - std::chrono::seconds(61)));
    EXPECT_TRUE(tokens_.check_access(token_, kNow));
}

TEST_F(RememberedToken, EndsWithItsKey) {
    tokens_.set_keys(keys_of(key_of('b'), {key_}));
    EXPECT_TRUE(tokens_.check_access(token_, kNow));
    tokens_.set_keys(keys_of(key_of('b')));
    EXPECT_FALSE(tokens_.check_access(token_, kNow));
    tokens_.set_keys(keys_of(key_));
    EXPECT_TRUE(tokens_.check_access(token_, kNow));
}

TEST_F(RememberedToken, LendsNothingToOneThatDiffersInABit) {
    for (std::size_t i = 0; i < token_.size(); ++i) {
        std::string flipped = token_;
        flipped[i] = static_cast<char>(flipped[i] ^ 1);
        EXPECT_FALSE(tokens_.check_access(flipped, kNow)) << i;
    }
    EXPECT_FALSE(tokens_.check_access(token_ + "A", kNow));
    EXPECT_FALSE(tokens_.check_access(token_.substr(0, token_.size() - 1), kNow));
    EXPECT_FALSE(tokens_.check_access(token_ + std::string(kMaxTokenSize, 'A'), kNow));
}

TEST_F(RememberedToken, OfOneServerIsUnknownToAnother) {
    const Tokens other{TokenSettings{}, keys_of(Key::generate(Algorithm::es256))};
    EXPECT_FALSE(other.check_access(token_, kNow));
    TokenSettings settings;
    settings.audience = "other";
    EXPECT_FALSE(Tokens(settings, keys_of(key_)).check_access(token_, kNow));
}

TEST_F(RememberedToken, ATokenThatWasRefusedForItsTimeIsGoodInItsTime) {
    const Timestamp later = kNow + std::chrono::hours(1);
    const std::string token = tokens_.make_access(user_, session_, "ada", later);
    EXPECT_FALSE(tokens_.check_access(token, kNow));
    EXPECT_TRUE(tokens_.check_access(token, later));
}

TEST_F(RememberedToken, IsRefusedByEveryThreadOnceItsKeyHasGone) {
    const auto is_good = [this] { return tokens_.check_access(token_, kNow) != nullptr; };
    EXPECT_EQ(late_answers(is_good, [this] { tokens_.set_keys(keys_of(key_of('b'))); }), 0);
}

}  // namespace
}  // namespace userd
