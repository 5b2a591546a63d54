#include <gtest/gtest.h>
#include <sodium.h>

#include "tokens/jwk.hpp"
#include "tokens/jwt.hpp"
#include "tokens/rfc_keys.hpp"
#include "tokens/secret_key.hpp"

namespace userd {
namespace {

std::string from_hex(std::string_view hex) {
    std::string bytes(hex.size() / 2, '\0');
    sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), hex.data(),
                   hex.size(), nullptr, nullptr, nullptr);
    return bytes;
}

/// The bytes first, first + 1, … last.
std::string sequence(int first, int last) {
    std::string bytes;
    for (int byte = first; byte <= last; ++byte)
        bytes.push_back(static_cast<char>(byte));
    return bytes;
}

/// Header and payload as the RFC has them, its signature, and whether signing again gives the same.
struct Jws {
    const char* name;
    std::shared_ptr<const Key> (*key)();
    std::string input;
    std::string_view signature;
    bool is_deterministic;
};

// The payload of RFC 7515 appendices A.1 to A.3.
const std::string kJoe =
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";

const Jws kJws[] = {
    {"Rfc7515A1", rfc7515_a1_key, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + kJoe,
     "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", true},
    {"Rfc7515A2", rfc7515_a2_key, "eyJhbGciOiJSUzI1NiJ9" + kJoe,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
     "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
     "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
     "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
     "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
     "p0igcN_IoypGlUPQGe77Rw",
     true},
    {"Rfc7515A3", rfc7515_a3_key, "eyJhbGciOiJFUzI1NiJ9" + kJoe,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
     false},
    {"Rfc8037A4", rfc8037_key, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
     true},
};

class RfcVectors : public testing::TestWithParam<Jws> {};

TEST_P(RfcVectors, AreVerifiedAndSigned) {
    const auto key = GetParam().key();
    const std::string signature = base64url_decode(GetParam().signature).value();
    EXPECT_TRUE(key->verify(GetParam().input, signature));
    EXPECT_FALSE(key->verify(GetParam().input + "A", signature));
    const std::string made = key->sign(GetParam().input);
    EXPECT_TRUE(key->verify(GetParam().input, made));
    EXPECT_EQ(base64url_encode(made) == GetParam().signature, GetParam().is_deterministic);
}

// No token without our typ and kid is looked at any further, be its signature as good as it likes.
TEST_P(RfcVectors, AreNoTokensOfOurs) {
    const auto key = GetParam().key();
    const std::string token = GetParam().input + "." + std::string(GetParam().signature);
    EXPECT_FALSE(decode_jwt({key}, "JWT", token));
    EXPECT_FALSE(decode_jwt({key}, "", token));
}

TEST_P(RfcVectors, KeysMakeTokensOfOurs) {
    const auto key = GetParam().key();
    const std::string payload = R"({"iss":"joe","exp":1300819380,"is_root":true})";
    const std::string token = encode_jwt(*key, "at+jwt", payload);
    const auto claims = decode_jwt({key}, "at+jwt", token);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->at("exp").as_int64(), 1300819380);
    EXPECT_EQ(token == encode_jwt(*key, "at+jwt", payload), GetParam().is_deterministic);
}

INSTANTIATE_TEST_SUITE_P(All, RfcVectors, testing::ValuesIn(kJws),
                         [](const auto& vector) { return std::string(vector.param.name); });

TEST(RfcThumbprints, Rfc7638Section31) {
    const PkeyPointer key = rsa_jwk(kRfc7638Modulus, "AQAB");
    EXPECT_EQ(thumbprint_input(Algorithm::rs256, key.get()),
              R"({"e":"AQAB","kty":"RSA","n":")" + std::string(kRfc7638Modulus) + R"("})");
    EXPECT_EQ(make_asymmetric_key(Algorithm::rs256, key)->id(),
              "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(RfcThumbprints, Rfc8037AppendixA3) {
    EXPECT_EQ(rfc8037_key()->id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    EXPECT_EQ(rfc8037_key()->public_jwk(),
              R"({"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
              R"("use":"sig","alg":"EdDSA","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"})");
}

TEST(RfcThumbprints, PublicJwkOfAPairOnP256HasItsCoordinatesAndNothingPrivate) {
    const std::string jwk = rfc7515_a3_key()->public_jwk();
    EXPECT_NE(jwk.find(R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")"), jwk.npos) << jwk;
    EXPECT_NE(jwk.find(R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")"), jwk.npos) << jwk;
    for (const auto& key : {rfc7515_a2_key(), rfc7515_a3_key(), rfc8037_key()})
        EXPECT_EQ(key->public_jwk().find(R"("d":)"), std::string::npos);
    EXPECT_EQ(rfc7515_a1_key()->public_jwk(), "");
}

struct HkdfCase {
    std::string key, salt, info, output;
};

class Rfc5869 : public testing::TestWithParam<HkdfCase> {};

TEST_P(Rfc5869, IsDerived) {
    const auto& [key, salt, info, output] = GetParam();
    EXPECT_EQ(hkdf_sha256(key, salt, info, output.size()).reveal(), output);
}

INSTANTIATE_TEST_SUITE_P(
    AppendixA, Rfc5869,
    testing::Values(
        HkdfCase{std::string(22, '\x0b'), sequence(0x00, 0x0c), sequence(0xf0, 0xf9),
                 from_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                          "34007208d5b887185865")},
        HkdfCase{sequence(0x00, 0x4f), sequence(0x60, 0xaf), sequence(0xb0, 0xff),
                 from_hex("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                          "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                          "cc30c58179ec3e87c14c01d5c1f3434f1d87")},
        HkdfCase{std::string(22, '\x0b'), "", "",
                 from_hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                          "9d201395faa4b61a96c8")}));

}  // namespace
}  // namespace userd
