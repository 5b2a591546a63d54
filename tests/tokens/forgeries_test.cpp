#include <gtest/gtest.h>

#include "tokens/forge.hpp"
#include "tokens/jwt.hpp"
#include "tokens/rfc_keys.hpp"
#include "tokens/secret_key.hpp"

// Tokens as RFC 8725 section 2 warns of them. Every signature is right, unless the test is about
// it: what refuses a token here is its form alone.

namespace userd {
namespace {

const std::shared_ptr<const Key> kKey = Key::from_secret(Secret(std::string(32, 'a')));

bool is_taken(const std::shared_ptr<const Key>& key, std::string_view token) {
    return decode_jwt({key}, "at+jwt", token).has_value();
}

/// `KID` stands for the key's own id.
std::string with_kid(std::string header) {
    for (std::size_t at = 0; (at = header.find("KID", at)) != std::string::npos;)
        header.replace(at, 3, kKey->id());
    return header;
}

class GoodHeaders : public testing::TestWithParam<std::string> {};

TEST_P(GoodHeaders, AreTaken) {
    EXPECT_TRUE(is_taken(kKey, forge(*kKey, with_kid(GetParam()), "{}")));
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, GoodHeaders,
    testing::Values(R"({"alg":"HS256","typ":"at+jwt","kid":"KID"})",
                    R"({"kid":"KID","typ":"at+jwt","alg":"HS256"})",
                    " { \"alg\" :\t\"HS256\",\r\n\"typ\":\"at+jwt\","
                    "\"kid\":\"KID\" } ",
                    R"({"\u0061lg":"HS256","typ":"at\u002bjwt","kid":"KID"})"));

class ForgedHeaders : public testing::TestWithParam<std::string> {};

TEST_P(ForgedHeaders, AreRefused) {
    EXPECT_FALSE(is_taken(kKey, forge(*kKey, with_kid(GetParam()), "{}")));
}

INSTANTIATE_TEST_SUITE_P(Algorithm, ForgedHeaders,
                         testing::Values(R"({"alg":"none","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"None","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"nOnE","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"hs256","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"HS256 ","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"HS256\u0000","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"HS384","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"HS512","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"RS256","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"ES256","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":"EdDSA","typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":null,"typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":256,"typ":"at+jwt","kid":"KID"})",
                                         R"({"alg":["HS256"],"typ":"at+jwt","kid":"KID"})",
                                         R"({"Alg":"HS256","typ":"at+jwt","kid":"KID"})",
                                         R"({"typ":"at+jwt","kid":"KID"})"));

INSTANTIATE_TEST_SUITE_P(
    TypeAndKey, ForgedHeaders,
    testing::Values(R"({"alg":"HS256","typ":"rt+jwt","kid":"KID"})",
                    R"({"alg":"HS256","typ":"JWT","kid":"KID"})",
                    R"({"alg":"HS256","typ":"AT+JWT","kid":"KID"})",
                    R"({"alg":"HS256","typ":"application/at+jwt","kid":"KID"})",
                    R"({"alg":"HS256","typ":"","kid":"KID"})",
                    R"({"alg":"HS256","typ":null,"kid":"KID"})", R"({"alg":"HS256","kid":"KID"})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"other"})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"KIDx"})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"../../dev/null"})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"' OR ''='"})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":""})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":null})",
                    R"({"alg":"HS256","typ":"at+jwt"})"));

INSTANTIATE_TEST_SUITE_P(
    FurtherMembers, ForgedHeaders,
    testing::Values(
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","crit":["exp"]})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","crit":[]})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","crit":"b64"})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","b64":false,"crit":["b64"]})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","b64":false})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","jku":"https://evil.example/jwks.json"})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","jwk":{"kty":"oct","k":"YWFh"}})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","jwk":"x"})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","x5u":"https://evil.example/cert.pem"})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","x5c":["MII="]})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","x5t":"YWFh"})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","zip":"DEF"})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","cty":"JWT"})",
        R"({"alg":"HS256","typ":"at+jwt","kid":"KID","":""})"));

INSTANTIATE_TEST_SUITE_P(
    RepeatedMembers, ForgedHeaders,
    testing::Values(R"({"alg":"HS256","alg":"HS256","typ":"at+jwt","kid":"KID"})",
                    R"({"alg":"none","typ":"at+jwt","kid":"KID","alg":"HS256"})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"KID","a\u006cg":"none"})",
                    R"({"alg":"HS256","typ":"at+jwt","typ":"at+jwt"})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"KID","kid":"other"})"));

INSTANTIATE_TEST_SUITE_P(
    NoObject, ForgedHeaders,
    testing::Values("", "null", "[]", "\"HS256\"", R"(["alg","HS256"])",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"KID")",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"KID"}x)",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"KID"}{})",
                    R"({"alg":"HS256","typ":"at+jwt","kid":"KID",})",
                    R"({'alg':'HS256','typ':'at+jwt','kid':'KID'})",
                    "\xef\xbb\xbf{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"KID\"}",
                    R"([{"alg":"HS256","typ":"at+jwt","kid":"KID"}])"));

TEST(Forgeries, WithoutASignatureAreRefused) {
    const std::string payload = "." + base64url_encode("{}") + ".";
    EXPECT_FALSE(is_taken(kKey, base64url_encode(header_of(*kKey)) + payload));
    EXPECT_FALSE(is_taken(
        kKey,
        base64url_encode(with_kid(R"({"alg":"none","typ":"at+jwt","kid":"KID"})")) + payload));
}

/// RFC 8725 section 2.1: everyone knows the public key, and an HMAC takes any key.
TEST(Forgeries, APublicKeyIsNoSecret) {
    const auto key = rfc7515_a2_key();
    const PkeyPointer pair = rfc7515_a2_pkey();
    const std::string as_hs256 = R"({"alg":"HS256","typ":"at+jwt","kid":")" + key->id() + R"("})";
    ASSERT_TRUE(is_taken(key, forge(*key, header_of(*key), "{}")));
    for (const std::string& secret : {public_pem(pair.get()), public_der(pair.get()),
                                      key->public_jwk(), key->id(), std::string()})
        for (const std::string& header : {as_hs256, header_of(*key)}) {
            const std::string input = base64url_encode(header) + "." + base64url_encode("{}");
            EXPECT_FALSE(is_taken(key, input + "." + base64url_encode(hmac_sha256(secret, input))));
        }
}

TEST(Forgeries, ATokenOfOneKeyIsNoneOfAnother) {
    const auto keys = {rfc7515_a1_key(), rfc7515_a2_key(), rfc7515_a3_key(), rfc8037_key()};
    for (const auto& signer : keys)
        for (const auto& reader : keys) {
            EXPECT_EQ(is_taken(reader, forge(*signer, header_of(*signer), "{}")), signer == reader);
            EXPECT_EQ(is_taken(reader, forge(*signer, header_of(*reader), "{}")), signer == reader);
        }
}

class Spelling : public testing::Test {
  protected:
    // Seven bytes, so that the last character has spare bits.
    const std::string payload = base64url_encode(R"({"a":1})");
    const std::string header = base64url_encode(header_of(*kKey));
    const std::string good = sign_segments(*kKey, header, payload);

    /// The next character of the alphabet: other spare bits, the same bytes.
    static std::string respelled(std::string text) {
        ++text.back();
        return text;
    }
};

TEST_F(Spelling, HasNoSpareBits) {
    ASSERT_TRUE(is_taken(kKey, good));
    EXPECT_FALSE(is_taken(kKey, sign_segments(*kKey, header, respelled(payload))));
    EXPECT_FALSE(is_taken(kKey, respelled(good)));
    const std::string spaced = base64url_encode(header_of(*kKey) + " ");
    const std::string spaced_more = base64url_encode(header_of(*kKey) + "  ");
    for (const std::string& same : {header, spaced, spaced_more}) {
        EXPECT_TRUE(is_taken(kKey, sign_segments(*kKey, same, payload)));
        if (same.size() % 4 != 0) {
            EXPECT_FALSE(is_taken(kKey, sign_segments(*kKey, respelled(same), payload)));
        }
    }
}

TEST_F(Spelling, HasNoPaddingWhitespaceOrForeignAlphabet) {
    for (const std::string_view more : {"=", "==", " ", "\n", "\r\n", "\t", "+", "/", "%3D", "A"}) {
        const std::string after(more);
        EXPECT_FALSE(is_taken(kKey, sign_segments(*kKey, header + after, payload))) << after;
        EXPECT_FALSE(is_taken(kKey, sign_segments(*kKey, header, payload + after))) << after;
        EXPECT_FALSE(is_taken(kKey, good + after)) << after;
        EXPECT_FALSE(is_taken(kKey, sign_segments(*kKey, after + header, payload))) << after;
        std::string inside = payload;
        inside.insert(4, after);
        EXPECT_FALSE(is_taken(kKey, sign_segments(*kKey, header, inside))) << after;
    }
    EXPECT_FALSE(is_taken(kKey, good + std::string(1, '\0')));
}

TEST_F(Spelling, IsThreePartsInCompactForm) {
    const std::string signature = good.substr(good.rfind('.') + 1);
    for (const std::string& token :
         {std::string(), std::string("."), std::string(".."), std::string("..."), header,
          header + "." + payload, good + ".", "." + good, good + "." + signature,
          header + ".." + signature, "." + payload + "." + signature, "Bearer " + good,
          R"({"protected":")" + header + R"(","payload":")" + payload + R"(","signature":")" +
              signature + R"("})"})
        EXPECT_FALSE(is_taken(kKey, token)) << token;
}

TEST_F(Spelling, IsAtMostSoLong) {
    std::size_t longest = 0;
    for (std::size_t size = 2800; size < 3100; ++size) {
        const std::string filled = R"({"a":")" + std::string(size, 'x') + R"("})";
        const std::string token = forge(*kKey, header_of(*kKey), filled);
        const bool is_short = token.size() <= kMaxTokenSize;
        EXPECT_EQ(is_taken(kKey, token), is_short) << token.size();
        if (is_short) longest = token.size();
    }
    EXPECT_GE(longest, kMaxTokenSize - 1);
}

class ForgedPayloads : public testing::TestWithParam<std::string> {};

TEST_P(ForgedPayloads, AreRefused) {
    EXPECT_FALSE(is_taken(kKey, forge(*kKey, header_of(*kKey), GetParam())));
}

INSTANTIATE_TEST_SUITE_P(
    All, ForgedPayloads,
    testing::Values("", " ", "null", "true", "1", "\"{}\"", "[]", "[{}]", "{}{}", "{}x", "{",
                    R"({"a":1,"a":1})", R"({"a":1,"\u0061":1})", R"({"a":{}})", R"({"a":[1]})",
                    R"({"a":null})", R"({"a":1.0})", R"({"a":1e3})", R"({"a":1e999})",
                    R"({"a":18446744073709551615})", R"({"a":-9223372036854775809})",
                    R"({"a":NaN})", R"({"a":01})", R"({"a":1,})", R"({"a":/**/1})",
                    R"({"a":"\ud800"})", "{\"a\":\"\xff\"}", "{\"\xc0\xaf\":1}", "{\"a\":\"\n\"}",
                    std::string(1000, '['), std::string(1000, '{'),
                    R"({"a":)" + std::string(1000, '[') + std::string(1000, ']') + "}"));

}  // namespace
}  // namespace userd
