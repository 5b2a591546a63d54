#include "tokens/asymmetric_key.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <array>
#include <stdexcept>

#include "base/base64url.hpp"

namespace userd {
namespace {

constexpr std::size_t kCoordinateBytes = 32;
constexpr int kMinRsaBits = 2048;

using ContextPointer = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using BignumPointer = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using EcdsaPointer = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;
using BioPointer = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// One coordinate or RSA number as base64url; `size` 0 for the shortest form.
std::string number_of(EVP_PKEY* key, const char* name, std::size_t size) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1)
        throw std::invalid_argument("key lacks a number");
    const BignumPointer number(raw, BN_free);
    std::string bytes(size == 0 ? static_cast<std::size_t>(BN_num_bytes(number.get())) : size,
                      '\0');
    if (BN_bn2binpad(number.get(), bytes_of(bytes), static_cast<int>(bytes.size())) < 0)
        throw std::invalid_argument("a number of the key is too large");
    return base64url_encode(bytes);
}

std::string ed25519_point(EVP_PKEY* key) {
    std::string bytes(kCoordinateBytes, '\0');
    std::size_t size = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key, bytes_of(bytes), &size) != 1 || size != bytes.size())
        throw std::invalid_argument("not an Ed25519 key");
    return base64url_encode(bytes);
}

void check_fits(Algorithm algorithm, EVP_PKEY* key) {
    std::array<char, 32> group{};
    std::size_t size = 0;
    bool fits = false;
    switch (algorithm) {
        case Algorithm::es256:
            fits = EVP_PKEY_is_a(key, "EC") == 1 &&
                   EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
                   std::string_view(group.data(), size) == "prime256v1";
            break;
        case Algorithm::eddsa:
            fits = EVP_PKEY_is_a(key, "ED25519") == 1;
            break;
        case Algorithm::rs256:
            fits = EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= kMinRsaBits;
            break;
        case Algorithm::hs256:
            break;
    }
    if (!fits)
        throw std::invalid_argument("the key does not fit " + std::string(name_of(algorithm)));
}

/// RFC 7518 section 3.4: R and S, 32 bytes each, in place of the ASN.1 sequence.
std::string raw_from_der(std::string_view der) {
    const unsigned char* data = bytes_of(der);
    const EcdsaPointer parts(d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size())),
                             ECDSA_SIG_free);
    std::string raw(2 * kCoordinateBytes, '\0');
    if (!parts ||
        BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), bytes_of(raw), kCoordinateBytes) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), bytes_of(raw) + kCoordinateBytes,
                     kCoordinateBytes) < 0)
        throw std::runtime_error("ECDSA signature has no raw form");
    return raw;
}

std::string der_from_raw(std::string_view raw) {
    if (raw.size() != 2 * kCoordinateBytes) return {};
    const EcdsaPointer parts(ECDSA_SIG_new(), ECDSA_SIG_free);
    BignumPointer r(BN_bin2bn(bytes_of(raw), kCoordinateBytes, nullptr), BN_free);
    BignumPointer s(BN_bin2bn(bytes_of(raw) + kCoordinateBytes, kCoordinateBytes, nullptr),
                    BN_free);
    if (!parts || !r || !s || ECDSA_SIG_set0(parts.get(), r.get(), s.get()) != 1) return {};
    (void)r.release();  // owned by parts now
    (void)s.release();
    unsigned char* data = nullptr;
    const int size = i2d_ECDSA_SIG(parts.get(), &data);
    if (size <= 0) return {};
    std::string der(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return der;
}

/// Preparing a context costs several look-ups among OpenSSL's providers; copying one costs none.
ContextPointer copy_of(const ContextPointer& prepared) {
    ContextPointer copy(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!copy || EVP_MD_CTX_copy_ex(copy.get(), prepared.get()) != 1)
        throw std::runtime_error("cannot copy a digest context");
    return copy;
}

class AsymmetricKey : public Key {
  public:
    AsymmetricKey(Algorithm algorithm, PkeyPointer key)
        : algorithm_(algorithm),
          key_(std::move(key)),
          members_(thumbprint_input(algorithm, key_.get())),
          signing_(EVP_MD_CTX_new(), EVP_MD_CTX_free),
          verifying_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        if (EVP_DigestSignInit(signing_.get(), nullptr, digest(), nullptr, key_.get()) != 1 ||
            EVP_DigestVerifyInit(verifying_.get(), nullptr, digest(), nullptr, key_.get()) != 1)
            throw std::invalid_argument("the key neither signs nor verifies");
        std::string digest(SHA256_DIGEST_LENGTH, '\0');
        SHA256(bytes_of(std::string_view(members_)), members_.size(), bytes_of(digest));
        id_ = base64url_encode(digest);
    }

    [[nodiscard]] Algorithm algorithm() const noexcept override { return algorithm_; }
    [[nodiscard]] const std::string& id() const noexcept override { return id_; }

    [[nodiscard]] std::string sign(std::string_view input) const override {
        const ContextPointer context = copy_of(signing_);
        std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
        std::size_t size = signature.size();
        if (EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(input),
                           input.size()) != 1)
            throw std::runtime_error("cannot sign");
        signature.resize(size);
        return algorithm_ == Algorithm::es256 ? raw_from_der(signature) : signature;
    }

    [[nodiscard]] bool verify(std::string_view input, std::string_view signature) const override {
        const std::string der =
            algorithm_ == Algorithm::es256 ? der_from_raw(signature) : std::string();
        const std::string_view checked =
            algorithm_ == Algorithm::es256 ? std::string_view(der) : signature;
        if (checked.empty()) return false;
        const ContextPointer context = copy_of(verifying_);
        return EVP_DigestVerify(context.get(), bytes_of(checked), checked.size(), bytes_of(input),
                                input.size()) == 1;
    }

    [[nodiscard]] std::string public_jwk() const override {
        return members_.substr(0, members_.size() - 1) + R"(,"use":"sig","alg":")" +
               std::string(name_of(algorithm_)) + R"(","kid":")" + id_ + R"("})";
    }

    [[nodiscard]] Secret private_bytes() const override {
        const BioPointer out(BIO_new(BIO_s_secmem()), BIO_free_all);
        char* data = nullptr;
        if (PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                          nullptr) != 1)
            throw std::runtime_error("cannot write the private key");
        const long size = BIO_get_mem_data(out.get(), &data);
        return Secret(std::string_view(data, static_cast<std::size_t>(size)));
    }

  private:
    /// Ed25519 hashes by itself.
    [[nodiscard]] const EVP_MD* digest() const {
        return algorithm_ == Algorithm::eddsa ? nullptr : EVP_sha256();
    }

    Algorithm algorithm_;
    PkeyPointer key_;
    std::string members_;
    std::string id_;
    ContextPointer signing_;  ///< initialised, and only copied
    ContextPointer verifying_;
};

}  // namespace

std::shared_ptr<const Key> make_asymmetric_key(Algorithm algorithm, PkeyPointer key) {
    if (!key) throw std::invalid_argument("no key");
    check_fits(algorithm, key.get());
    return std::make_shared<AsymmetricKey>(algorithm, std::move(key));
}

std::string thumbprint_input(Algorithm algorithm, EVP_PKEY* key) {
    switch (algorithm) {
        case Algorithm::es256:
            return R"({"crv":"P-256","kty":"EC","x":")" +
                   number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateBytes) + R"(","y":")" +
                   number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateBytes) + R"("})";
        case Algorithm::eddsa:
            return R"({"crv":"Ed25519","kty":"OKP","x":")" + ed25519_point(key) + R"("})";
        case Algorithm::rs256:
            return R"({"e":")" + number_of(key, OSSL_PKEY_PARAM_RSA_E, 0) +
                   R"(","kty":"RSA","n":")" + number_of(key, OSSL_PKEY_PARAM_RSA_N, 0) + R"("})";
        case Algorithm::hs256:
            break;
    }
    throw std::invalid_argument("a secret has no public members");
}

std::shared_ptr<const Key> Key::generate(Algorithm algorithm) {
    EVP_PKEY* key = nullptr;
    switch (algorithm) {
        case Algorithm::es256:
            key = EVP_EC_gen("P-256");
            break;
        case Algorithm::eddsa:
            key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
            break;
        case Algorithm::rs256:
            key = EVP_RSA_gen(kMinRsaBits);
            break;
        case Algorithm::hs256:
            throw std::invalid_argument("an HS256 key is given, not generated");
    }
    if (key == nullptr) throw std::runtime_error("cannot generate a key");
    return make_asymmetric_key(algorithm, PkeyPointer(key, EVP_PKEY_free));
}

std::shared_ptr<const Key> Key::from_pem(Algorithm algorithm, const Secret& pem) {
    const BioPointer in(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.size())),
                        BIO_free_all);
    // The callback gives no passphrase: an encrypted key is refused, and no terminal is asked.
    const auto no_passphrase = [](char*, int, int, void*) { return 0; };
    EVP_PKEY* key = PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr);
    if (key == nullptr) throw std::invalid_argument("not a private key in PEM");
    return make_asymmetric_key(algorithm, PkeyPointer(key, EVP_PKEY_free));
}

}  // namespace userd
