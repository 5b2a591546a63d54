#include <gtest/gtest.h>
#include <openssl/ecdsa.h>

#include "tokens/forge.hpp"
#include "tokens/jwt.hpp"
#include "tokens/rfc_keys.hpp"

namespace userd {
namespace {

constexpr std::size_t kHalf = 32;
const std::string kZero(kHalf, '\0');
// The order of P-256 (SEC 2): the smallest number that R and S must not reach.
const std::string kOrder = base64url_decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").value();

std::string der_of(std::string_view raw) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parts(ECDSA_SIG_new(),
                                                                      ECDSA_SIG_free);
    ECDSA_SIG_set0(parts.get(), BN_bin2bn(bytes, kHalf, nullptr),
                   BN_bin2bn(bytes + kHalf, kHalf, nullptr));
    unsigned char* data = nullptr;
    const int size = i2d_ECDSA_SIG(parts.get(), &data);
    std::string der(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return der;
}

class Es256Signatures : public testing::Test {
  protected:
    const std::shared_ptr<const Key> key = rfc7515_a3_key();
    const std::string good = key->sign("input");
    const std::string r = good.substr(0, kHalf);
    const std::string s = good.substr(kHalf);

    [[nodiscard]] bool is_taken(const std::string& signature) const {
        return key->verify("input", signature);
    }
};

TEST_F(Es256Signatures, AreNotDer) {
    ASSERT_TRUE(is_taken(good));
    EXPECT_FALSE(is_taken(der_of(good)));
    const std::string input = base64url_encode(header_of(*key)) + "." + base64url_encode("{}");
    const std::string signature = key->sign(input);
    EXPECT_TRUE(decode_jwt({key}, "at+jwt", input + "." + base64url_encode(signature)));
    EXPECT_FALSE(decode_jwt({key}, "at+jwt", input + "." + base64url_encode(der_of(signature))));
}

TEST_F(Es256Signatures, AreTwoHalvesOf32Bytes) {
    for (const std::string& bad :
         {std::string(), r, good.substr(1), good.substr(0, 63), good + '\0', '\0' + good,
          // Each half in 33 bytes, as ASN.1 would pad it, and the halves of P-384.
          '\0' + r + '\0' + s, std::string(16, '\0') + r + std::string(16, '\0') + s, good + good})
        EXPECT_FALSE(is_taken(bad)) << bad.size();
}

// CVE-2022-21449: with R and S zero the equation holds for every message and key.
TEST_F(Es256Signatures, HaveNoHalfThatIsZeroOrBeyondTheOrder) {
    for (const std::string& bad : {kZero, kOrder, std::string(kHalf, '\xff')}) {
        EXPECT_FALSE(is_taken(bad + s));
        EXPECT_FALSE(is_taken(r + bad));
        EXPECT_FALSE(is_taken(bad + bad));
    }
    EXPECT_FALSE(is_taken(kZero + kOrder));
    EXPECT_FALSE(is_taken(kOrder + kZero));
}

TEST_F(Es256Signatures, HaveTheirHalvesInOrder) {
    EXPECT_FALSE(is_taken(s + r));
    EXPECT_FALSE(is_taken(std::string(r.rbegin(), r.rend()) + std::string(s.rbegin(), s.rend())));
}

/// Adds little-endian numbers of 32 bytes.
std::string sum(std::string a, std::string_view b) {
    unsigned carry = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        carry += static_cast<unsigned char>(a[i]);
        carry += static_cast<unsigned char>(b[i]);
        a[i] = static_cast<char>(carry & 0xff);
        carry >>= 8;
    }
    return a;
}

class EddsaSignatures : public testing::Test {
  protected:
    const std::shared_ptr<const Key> key = rfc8037_key();
    const std::string good = key->sign("input");
};

// RFC 8032 section 5.1.7: S is less than the group's order, else anyone makes a second signature of
// a first.
TEST_F(EddsaSignatures, AreNotMalleable) {
    const std::string order =
        std::string("\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14", 16) +
        std::string(15, '\0') + '\x10';
    ASSERT_TRUE(key->verify("input", good));
    EXPECT_FALSE(key->verify("input", good.substr(0, kHalf) + sum(good.substr(kHalf), order)));
}

TEST_F(EddsaSignatures, AreOf64Bytes) {
    for (const std::string& bad : {std::string(), good.substr(1), good.substr(0, 63), good + '\0',
                                   kZero + kZero, std::string(64, '\xff')})
        EXPECT_FALSE(key->verify("input", bad)) << bad.size();
}

TEST(Rs256Signatures, AreAsLongAsTheModulus) {
    const auto key = rfc7515_a2_key();
    const std::string good = key->sign("input");
    ASSERT_TRUE(key->verify("input", good));
    const std::string zero(good.size(), '\0');
    for (const std::string& bad :
         {std::string(), good.substr(1), good + '\0', '\0' + good, zero,
          std::string(good.size() - 1, '\0') + '\1', std::string(good.size(), '\xff')})
        EXPECT_FALSE(key->verify("input", bad)) << bad.size();
}

}  // namespace
}  // namespace userd
