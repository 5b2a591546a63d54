#include "tokens/keys.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include "base/base64url.hpp"
#include "tokens/secret_key.hpp"

namespace userd {
namespace {

std::string from_hex(std::string_view hex) {
    std::string bytes(hex.size() / 2, '\0');
    sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), hex.data(),
                   hex.size(), nullptr, nullptr, nullptr);
    return bytes;
}

TEST(Keys, HkdfMatchesRfc5869TestCase1) {
    const std::string key(22, '\x0b');
    const Secret derived = hkdf_sha256(key, from_hex("000102030405060708090a0b0c"),
                                       from_hex("f0f1f2f3f4f5f6f7f8f9"), 42);
    EXPECT_EQ(derived.reveal(),
              from_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                       "34007208d5b887185865"));
}

// RFC 7515 appendix A.1.
TEST(Keys, Hs256MatchesRfc7515) {
    const auto secret = base64url_decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    const std::string input =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0c"
        "nVlfQ";
    EXPECT_EQ(base64url_encode(hmac_sha256(*secret, input)),
              "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

class EachPair : public testing::TestWithParam<Algorithm> {};

TEST_P(EachPair, SignsWhatItVerifiesAndNothingElse) {
    const auto key = Key::generate(GetParam());
    std::string signature = key->sign("input");
    EXPECT_TRUE(key->verify("input", signature));
    EXPECT_FALSE(key->verify("Input", signature));
    EXPECT_FALSE(key->verify("input", ""));
    EXPECT_FALSE(key->verify("input", signature.substr(1)));
    EXPECT_FALSE(Key::generate(GetParam())->verify("input", signature));
    for (std::size_t i = 0; i < signature.size(); i += 7) {
        std::string flipped = signature;
        flipped[i] = static_cast<char>(flipped[i] ^ 1);
        EXPECT_FALSE(key->verify("input", flipped));
    }
    EXPECT_FALSE(key->verify("input", std::string(signature.size(), '\0')));
}

TEST_P(EachPair, SurvivesItsPrivateBytesWithItsId) {
    const auto made = Key::generate(GetParam());
    const auto read = Key::from_pem(GetParam(), made->private_bytes());
    EXPECT_EQ(made->id(), read->id());
    EXPECT_EQ(made->public_jwk(), read->public_jwk());
    EXPECT_TRUE(read->verify("input", made->sign("input")));
    EXPECT_EQ(made->id().size(), 43U);
}

TEST_P(EachPair, IsFoundByItsAlgorithmsExactName) {
    EXPECT_EQ(algorithm_named(name_of(GetParam())), GetParam());
    EXPECT_FALSE(algorithm_named(std::string(name_of(GetParam())) + "x"));
    EXPECT_FALSE(algorithm_named("es256"));
}

TEST_P(EachPair, IsRefusedUnderAnotherAlgorithm) {
    const auto key = Key::generate(GetParam());
    for (const Algorithm other : {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256})
        if (other != GetParam()) {
            EXPECT_THROW((void)Key::from_pem(other, key->private_bytes()), std::invalid_argument);
        }
}

INSTANTIATE_TEST_SUITE_P(All, EachPair,
                         testing::Values(Algorithm::es256, Algorithm::eddsa, Algorithm::rs256));

TEST(Keys, EcdsaSignaturesAreRawPairs) {
    EXPECT_EQ(Key::generate(Algorithm::es256)->sign("input").size(), 64U);
}

TEST(Keys, ShortSecretsAreRefused) {
    EXPECT_THROW((void)Key::from_secret(Secret(std::string(31, 'x'))), std::invalid_argument);
}

}  // namespace
}  // namespace userd
