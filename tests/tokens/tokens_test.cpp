#include "tokens/tokens.hpp"

#include <gtest/gtest.h>

#include "base/base64url.hpp"
#include "tokens/jwt.hpp"

namespace userd {
namespace {

constexpr Timestamp kNow = from_unix_seconds(1'800'000'000);

std::shared_ptr<const Key> key_of(char c) {
    return Key::from_secret(Secret(std::string(32, c)));
}

std::shared_ptr<const KeySet> keys_of(char access, char refresh) {
    return std::make_shared<KeySet>(KeySet::Parts{key_of(access), {}, key_of(refresh), nullptr});
}

class TokensTest : public testing::Test {
  protected:
    Tokens tokens{TokenSettings{}, keys_of('a', 'r')};
    UserId user = UserId::make(kNow);
    SessionId session = SessionId::make(kNow);

    [[nodiscard]] RefreshClaims refresh_claims() const {
        return {user, session, 3, kNow, kNow + std::chrono::days(7)};
    }
    [[nodiscard]] std::string payload(const std::string& jti) const {
        return R"({"iss":"userd","aud":"userd","sub":")" + user.to_string() + R"(","sid":")" +
               session.to_string() + R"(","iat":1800000000,"exp":1800000300,"jti":")" + jti +
               R"("})";
    }
};

TEST_F(TokensTest, AccessTokensReadBackUntilTheyExpire) {
    const std::string token = tokens.make_access(user, session, "ada", kNow);
    const auto claims = tokens.check_access(token, kNow);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->user, user);
    EXPECT_EQ(claims->session, session);
    EXPECT_EQ(claims->username, "ada");
    EXPECT_TRUE(tokens.check_access(token, kNow + std::chrono::seconds(299)));
    EXPECT_FALSE(tokens.check_access(token, kNow + std::chrono::seconds(300)));
}

TEST_F(TokensTest, EqualRefreshClaimsGiveEqualBytes) {
    const auto token = tokens.make_refresh(refresh_claims(), key_of('r')->id());
    ASSERT_TRUE(token);
    EXPECT_EQ(token, tokens.make_refresh(refresh_claims(), key_of('r')->id()));
    EXPECT_EQ(tokens.check_refresh(*token, kNow)->generation, 3);
}

TEST_F(TokensTest, NeitherKindPassesForTheOtherEvenUnderOneKey) {
    const Tokens same(TokenSettings{}, keys_of('a', 'a'));
    EXPECT_FALSE(same.check_refresh(same.make_access(user, session, "ada", kNow), kNow));
    EXPECT_FALSE(
        same.check_access(*same.make_refresh(refresh_claims(), same.refresh_key_id()), kNow));
}

TEST_F(TokensTest, AGenerationHasOneSpelling) {
    const std::string id = session.to_string();
    EXPECT_TRUE(tokens.check_refresh(encode_jwt(*key_of('r'), "rt+jwt", payload(id + ".1")), kNow));
    for (const std::string& jti :
         {id + ".0", id + ".01", id + ".-1", id + ".", id, id + ".1x", id + ".1.1",
          id + ".99999999999999999999", SessionId::make(kNow).to_string() + ".1"})
        EXPECT_FALSE(tokens.check_refresh(encode_jwt(*key_of('r'), "rt+jwt", payload(jti)), kNow))
            << jti;
}

TEST_F(TokensTest, EveryFlippedBitIsRefused) {
    const std::string token = tokens.make_access(user, session, "ada", kNow);
    for (std::size_t i = 0; i < token.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            std::string flipped = token;
            flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
            EXPECT_FALSE(tokens.check_access(flipped, kNow)) << i;
        }
}

TEST_F(TokensTest, RepeatedMembersNestingAndLengthAreRefused) {
    const auto key = key_of('a');
    const auto token = [&](std::string_view header, std::string_view body) {
        std::string text = base64url_encode(header) + "." + base64url_encode(body);
        return text + "." + base64url_encode(key->sign(text));
    };
    const std::string good = R"({"alg":"HS256","typ":"at+jwt","kid":")" + key->id() + R"("})";
    EXPECT_TRUE(decode_jwt({key}, "at+jwt", token(good, "{}")));
    EXPECT_TRUE(decode_jwt(
        {key}, "at+jwt",
        token(R"({ "typ":"at+jwt", "kid":")" + key->id() + R"(","alg":"HS256"})", "{}")));
    EXPECT_FALSE(decode_jwt({key}, "at+jwt", token(R"({"alg":"none",)" + good.substr(1), "{}")));
    for (const std::string_view body : {R"({"a":1,"a":1})", "[]", "1", "", "{} ", R"({"a":{}})",
                                        R"({"a":1.5})", "{\"a\":\"\xff\"}"}) {
        const bool is_object_with_space = body == "{} ";
        EXPECT_EQ(decode_jwt({key}, "at+jwt", token(good, body)).has_value(), is_object_with_space)
            << body;
    }
    EXPECT_FALSE(
        decode_jwt({key}, "at+jwt", token(good, R"({"a":")" + std::string(4000, 'x') + R"("})")));
}

TEST_F(TokensTest, TheRowsKeySignsARepeatAfterTheMasterKeyHasChanged) {
    const std::string before = *tokens.make_refresh(refresh_claims(), key_of('r')->id());
    const Tokens after(TokenSettings{}, std::make_shared<KeySet>(KeySet::Parts{
                                            key_of('a'), {}, key_of('n'), key_of('r')}));
    EXPECT_EQ(after.refresh_key_id(), key_of('n')->id());
    EXPECT_TRUE(after.check_refresh(before, kNow));
    EXPECT_EQ(after.make_refresh(refresh_claims(), key_of('r')->id()), before);
    EXPECT_NE(after.make_refresh(refresh_claims(), key_of('n')->id()), before);
    EXPECT_FALSE(after.make_refresh(refresh_claims(), key_of('a')->id()));
    EXPECT_FALSE(
        tokens.check_refresh(*after.make_refresh(refresh_claims(), after.refresh_key_id()), kNow));
}

TEST_F(TokensTest, ExchangedKeysSignAndFormerOnesVerifyUntilTheyAreGone) {
    const std::string old = tokens.make_access(user, session, "ada", kNow);
    tokens.set_keys(std::make_shared<KeySet>(
        KeySet::Parts{key_of('b'), {key_of('a'), key_of('b')}, key_of('r'), nullptr}));
    const std::string young = tokens.make_access(user, session, "ada", kNow);
    EXPECT_TRUE(tokens.check_access(old, kNow));
    EXPECT_TRUE(tokens.check_access(young, kNow));
    tokens.set_keys(keys_of('b', 'r'));
    EXPECT_FALSE(tokens.check_access(old, kNow));
    EXPECT_TRUE(tokens.check_access(young, kNow));
}

TEST_F(TokensTest, AKeyIsTriedUnderItsOwnAlgorithmOnly) {
    const auto ec = Key::generate(Algorithm::es256);
    const auto ed = Key::generate(Algorithm::eddsa);
    const KeyList keys{ec, ed, key_of('a')};
    for (const KeyPointer& signer : keys)
        for (const KeyPointer& named : keys)
            for (const KeyPointer& alg : keys) {
                std::string text =
                    base64url_encode(R"({"alg":")" + std::string(name_of(alg->algorithm())) +
                                     R"(","typ":"at+jwt","kid":")" + named->id() + R"("})") +
                    "." + base64url_encode("{}");
                text += "." + base64url_encode(signer->sign(text));
                EXPECT_EQ(decode_jwt(keys, "at+jwt", text).has_value(),
                          signer == named && alg == named);
            }
}

TEST_F(TokensTest, AnAccessKeyNeverVerifiesARefreshTokenNorTheOtherWayRound) {
    const std::string refresh_body = payload(session.to_string() + ".1");
    const std::string access_body =
        refresh_body.substr(0, refresh_body.size() - 1) + R"(,"username":"ada"})";
    EXPECT_TRUE(tokens.check_access(encode_jwt(*key_of('a'), "at+jwt", access_body), kNow));
    EXPECT_FALSE(tokens.check_access(encode_jwt(*key_of('r'), "at+jwt", access_body), kNow));
    EXPECT_TRUE(tokens.check_refresh(encode_jwt(*key_of('r'), "rt+jwt", refresh_body), kNow));
    EXPECT_FALSE(tokens.check_refresh(encode_jwt(*key_of('a'), "rt+jwt", refresh_body), kNow));
}

}  // namespace
}  // namespace userd
