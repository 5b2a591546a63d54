#pragma once

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64url.hpp"
#include "tokens/asymmetric_key.hpp"

namespace userd {

/// Makes an OpenSSL key of what the appendices of the RFCs print: a JWK's members.
class JwkReader {
  public:
    JwkReader& number(const char* name, std::string_view base64url) {
        const std::string bytes = base64url_decode(base64url).value();
        numbers_.emplace_back(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                        static_cast<int>(bytes.size()), nullptr),
                              BN_free);
        check(OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get()));
        return *this;
    }
    JwkReader& octets(const char* name, std::string bytes) {
        const std::string& kept = octets_.emplace_back(std::move(bytes));
        check(OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, kept.data(), kept.size()));
        return *this;
    }
    JwkReader& text(const char* name, const char* value) {
        check(OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, value, 0));
        return *this;
    }
    PkeyPointer make(const char* type) {
        const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
            OSSL_PARAM_BLD_to_param(builder_.get()), OSSL_PARAM_free);
        const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
            EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), EVP_PKEY_CTX_free);
        EVP_PKEY* key = nullptr;
        check(EVP_PKEY_fromdata_init(context.get()));
        check(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()));
        return {key, EVP_PKEY_free};
    }

  private:
    static void check(int result) {
        if (result != 1) throw std::invalid_argument("not a JWK that OpenSSL takes");
    }

    std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder_{OSSL_PARAM_BLD_new(),
                                                                             OSSL_PARAM_BLD_free};
    // The builder refers to these until make().
    std::vector<std::unique_ptr<BIGNUM, decltype(&BN_free)>> numbers_;
    std::deque<std::string> octets_;
};

/// `d` empty: the public key only.
inline PkeyPointer rsa_jwk(std::string_view n, std::string_view e, std::string_view d = {}) {
    JwkReader reader;
    reader.number(OSSL_PKEY_PARAM_RSA_N, n).number(OSSL_PKEY_PARAM_RSA_E, e);
    if (!d.empty()) reader.number(OSSL_PKEY_PARAM_RSA_D, d);
    return reader.make("RSA");
}

inline PkeyPointer p256_jwk(std::string_view x, std::string_view y, std::string_view d) {
    JwkReader reader;
    reader.text(OSSL_PKEY_PARAM_GROUP_NAME, "P-256")
        .octets(OSSL_PKEY_PARAM_PUB_KEY,
                "\x04" + base64url_decode(x).value() + base64url_decode(y).value())
        .number(OSSL_PKEY_PARAM_PRIV_KEY, d);
    return reader.make("EC");
}

inline PkeyPointer ed25519_jwk(std::string_view d) {
    return JwkReader()
        .octets(OSSL_PKEY_PARAM_PRIV_KEY, base64url_decode(d).value())
        .make("ED25519");
}

/// What `write(bio)` writes.
template <class Write>
std::string written(const Write& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
    if (write(out.get()) != 1) throw std::runtime_error("OpenSSL does not write the key");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

inline std::string private_pem(EVP_PKEY* key) {
    return written([key](BIO* out) {
        return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

inline std::string public_pem(EVP_PKEY* key) {
    return written([key](BIO* out) { return PEM_write_bio_PUBKEY(out, key); });
}

inline std::string public_der(EVP_PKEY* key) {
    return written([key](BIO* out) { return i2d_PUBKEY_bio(out, key); });
}

}  // namespace userd
