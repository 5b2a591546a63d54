#include "tokens/secret_key.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <array>
#include <stdexcept>

#include "base/base64url.hpp"

namespace userd {
namespace {

constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kKeyIdSize = 22;

using MacPointer = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;

/// HMAC-SHA256 (RFC 2104) with the key in it, to be copied for each use.
MacPointer prepare_hmac(std::string_view key) {
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(
        EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
    if (!hmac) throw std::runtime_error("OpenSSL gives no HMAC");
    MacPointer context(EVP_MAC_CTX_new(hmac.get()), EVP_MAC_CTX_free);
    std::string digest = "SHA256";
    const std::array<OSSL_PARAM, 2> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size()),
        OSSL_PARAM_construct_end(),
    };
    // OpenSSL takes no address for "the same key as before".
    const char* data = key.data() == nullptr ? "" : key.data();
    if (!context || EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(data),
                                 key.size(), parameters.data()) != 1)
        throw std::runtime_error("HMAC-SHA256 failed");
    return context;
}

std::string hmac_sha256(const MacPointer& prepared, std::string_view input) {
    const MacPointer context(EVP_MAC_CTX_dup(prepared.get()), EVP_MAC_CTX_free);
    std::string mac(kSha256Bytes, '\0');
    std::size_t size = 0;
    if (!context ||
        EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(input.data()),
                       input.size()) != 1 ||
        EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(mac.data()), &size,
                      mac.size()) != 1 ||
        size != kSha256Bytes)
        throw std::runtime_error("HMAC-SHA256 failed");
    return mac;
}

class SecretKey : public Key {
  public:
    explicit SecretKey(const Secret& secret)
        : secret_(secret.copy()),
          hmac_(prepare_hmac(secret.reveal())),
          id_(base64url_encode(hmac_sha256(hmac_, "userd key id")).substr(0, kKeyIdSize)) {}

    [[nodiscard]] Algorithm algorithm() const noexcept override { return Algorithm::hs256; }
    [[nodiscard]] const std::string& id() const noexcept override { return id_; }
    [[nodiscard]] std::string sign(std::string_view input) const override {
        return hmac_sha256(hmac_, input);
    }
    [[nodiscard]] bool verify(std::string_view input, std::string_view signature) const override {
        return equal_in_constant_time(sign(input), signature);
    }
    [[nodiscard]] std::string public_jwk() const override { return {}; }
    [[nodiscard]] Secret private_bytes() const override { return secret_.copy(); }

  private:
    Secret secret_;
    MacPointer hmac_;
    std::string id_;
};

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view input) {
    return hmac_sha256(prepare_hmac(key), input);
}

std::shared_ptr<const Key> Key::from_secret(const Secret& secret) {
    if (secret.size() < kSha256Bytes)
        throw std::invalid_argument("an HS256 key needs at least 32 bytes");
    return std::make_shared<SecretKey>(secret);
}

Secret hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info,
                   std::size_t size) {
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
        EVP_KDF_fetch(nullptr, "HKDF", nullptr), EVP_KDF_free);
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
        EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free);
    const auto octets = [](const char* name, std::string_view bytes) {
        // OpenSSL refuses an empty parameter without an address.
        const char* data = bytes.data() == nullptr ? "" : bytes.data();
        return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(data), bytes.size());
    };
    std::string digest = "SHA256";
    const std::array<OSSL_PARAM, 5> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
        octets(OSSL_KDF_PARAM_KEY, key),
        octets(OSSL_KDF_PARAM_SALT, salt),
        octets(OSSL_KDF_PARAM_INFO, info),
        OSSL_PARAM_construct_end(),
    };
    std::string derived(size, '\0');
    if (!context || EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(derived.data()),
                                   derived.size(), parameters.data()) != 1)
        throw std::runtime_error("HKDF-SHA256 failed");
    return Secret(std::move(derived));
}

Secret derive_key(const Secret& master, std::string_view purpose) {
    return hkdf_sha256(master.reveal(), {}, "userd " + std::string(purpose), kSha256Bytes);
}

}  // namespace userd
