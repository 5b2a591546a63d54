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

class TokensTest : public testing::Test {
  protected:
    Tokens tokens{TokenSettings{}, key_of('a'), key_of('r')};
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
    const std::string token = tokens.make_refresh(refresh_claims());
    EXPECT_EQ(token, tokens.make_refresh(refresh_claims()));
    EXPECT_EQ(tokens.check_refresh(token, kNow)->generation, 3);
}

TEST_F(TokensTest, NeitherKindPassesForTheOtherEvenUnderOneKey) {
    const Tokens same(TokenSettings{}, key_of('a'), key_of('a'));
    EXPECT_FALSE(same.check_refresh(same.make_access(user, session, "ada", kNow), kNow));
    EXPECT_FALSE(same.check_access(same.make_refresh(refresh_claims()), kNow));
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
    EXPECT_TRUE(decode_jwt(*key, "at+jwt", token(good, "{}")));
    EXPECT_TRUE(decode_jwt(
        *key, "at+jwt",
        token(R"({ "typ":"at+jwt", "kid":")" + key->id() + R"(","alg":"HS256"})", "{}")));
    EXPECT_FALSE(decode_jwt(*key, "at+jwt", token(R"({"alg":"none",)" + good.substr(1), "{}")));
    for (const std::string_view body : {R"({"a":1,"a":1})", "[]", "1", "", "{} ", R"({"a":{}})",
                                        R"({"a":1.5})", "{\"a\":\"\xff\"}"}) {
        const bool is_object_with_space = body == "{} ";
        EXPECT_EQ(decode_jwt(*key, "at+jwt", token(good, body)).has_value(), is_object_with_space)
            << body;
    }
    EXPECT_FALSE(
        decode_jwt(*key, "at+jwt", token(good, R"({"a":")" + std::string(4000, 'x') + R"("})")));
}

}  // namespace
}  // namespace userd
