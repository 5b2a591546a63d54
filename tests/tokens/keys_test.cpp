#include "tokens/keys.hpp"

#include <gtest/gtest.h>

#include "base/base64url.hpp"
#include "support/temporary_folder.hpp"
#include "tokens/jwk.hpp"
#include "tokens/secret_key.hpp"

namespace userd {
namespace {

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

TEST(Keys, OfAnotherCurveOrTooShortAreRefused) {
    const auto refuses = [](Algorithm algorithm, EVP_PKEY* raw) {
        const PkeyPointer key(raw, EVP_PKEY_free);
        EXPECT_THROW((void)make_asymmetric_key(algorithm, key), std::invalid_argument);
        EXPECT_THROW((void)Key::from_pem(algorithm, Secret(private_pem(key.get()))),
                     std::invalid_argument);
    };
    refuses(Algorithm::es256, EVP_EC_gen("P-384"));
    refuses(Algorithm::es256, EVP_EC_gen("secp256k1"));
    refuses(Algorithm::eddsa, EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
    refuses(Algorithm::eddsa, EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    refuses(Algorithm::rs256, EVP_RSA_gen(1024));
    EXPECT_THROW((void)make_asymmetric_key(Algorithm::es256, nullptr), std::invalid_argument);
}

TEST(Keys, PemThatIsNoPlainPrivateKeyIsRefused) {
    const PkeyPointer key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::string pem = private_pem(key.get());
    ASSERT_NO_THROW((void)Key::from_pem(Algorithm::es256, Secret(std::string_view(pem))));
    const std::string encrypted = written([&key](BIO* out) {
        char passphrase[] = "passphrase";
        return PEM_write_bio_PKCS8PrivateKey(out, key.get(), EVP_aes_128_cbc(), passphrase, 10,
                                             nullptr, nullptr);
    });
    for (const std::string& text : {std::string(), std::string("nonsense"), public_pem(key.get()),
                                    encrypted, pem.substr(0, pem.size() / 2), pem.substr(30)})
        EXPECT_THROW((void)Key::from_pem(Algorithm::es256, Secret(std::string_view(text))),
                     std::invalid_argument)
            << text;
}

TEST(Keys, APublicKeyAloneSignsNothing) {
    const PkeyPointer whole(EVP_RSA_gen(2048), EVP_PKEY_free);
    const std::string pem = public_pem(whole.get());
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> in(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
    const PkeyPointer half(PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    const auto key = make_asymmetric_key(Algorithm::rs256, half);
    EXPECT_TRUE(key->verify("input", make_asymmetric_key(Algorithm::rs256, whole)->sign("input")));
    EXPECT_THROW((void)key->sign("input"), std::runtime_error);
    EXPECT_THROW((void)key->private_bytes(), std::runtime_error);
}

TEST(Keys, OneMasterKeyGivesEachPurposeAKeyOfItsOwn) {
    const Secret master(std::string(32, 'm'));
    const Secret other(std::string(32, 'n'));
    const Secret key = derive_key(master, "refresh tokens");
    EXPECT_EQ(key.size(), 32U);
    EXPECT_EQ(key.reveal(), derive_key(master, "refresh tokens").reveal());
    EXPECT_NE(key.reveal(), derive_key(master, "refresh token").reveal());
    EXPECT_NE(key.reveal(), derive_key(other, "refresh tokens").reveal());
}

}  // namespace
}  // namespace userd
