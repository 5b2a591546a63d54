#include "tokens/sealing.hpp"

#include <sodium.h>

#include <stdexcept>

#include "base/base64url.hpp"
#include "base/random.hpp"
#include "tokens/keys.hpp"

namespace userd {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kIdSize = 22;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// Neither a kid nor an algorithm has a NUL, so no two pairs give the same text.
std::string bound_to(std::string_view kid, std::string_view algorithm) {
    std::string text = "userd signing key 1";
    text += '\0';
    text += kid;
    text += '\0';
    text += algorithm;
    return text;
}

}  // namespace

// The id is derived apart from the key, so that publishing it gives nothing away.
SealingKey::SealingKey(const Secret& master)
    : key_(derive_key(master, "sealing")),
      id_(base64url_encode(derive_key(master, "sealing id").reveal()).substr(0, kIdSize)) {}

std::string SealingKey::seal(const Secret& plain, std::string_view kid,
                             std::string_view algorithm) const {
    std::string sealed = random_bytes(kNonceBytes);
    sealed.resize(kNonceBytes + plain.size() + kTagBytes);
    const std::string bound = bound_to(kid, algorithm);
    unsigned long long size = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed) + kNonceBytes, &size,
                                               bytes_of(plain.reveal()), plain.size(),
                                               bytes_of(std::string_view(bound)), bound.size(),
                                               nullptr, bytes_of(sealed), bytes_of(key_.reveal()));
    if (size + kNonceBytes != sealed.size()) throw std::runtime_error("cannot seal a key");
    return sealed;
}

std::optional<Secret> SealingKey::open(std::string_view sealed, std::string_view kid,
                                       std::string_view algorithm) const {
    if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
    const std::string_view nonce = sealed.substr(0, kNonceBytes);
    sealed.remove_prefix(kNonceBytes);
    const std::string bound = bound_to(kid, algorithm);
    std::string plain(sealed.size() - kTagBytes, '\0');
    unsigned long long size = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(plain), &size, nullptr,
                                                   bytes_of(sealed), sealed.size(),
                                                   bytes_of(std::string_view(bound)), bound.size(),
                                                   bytes_of(nonce), bytes_of(key_.reveal())) != 0)
        return std::nullopt;
    return Secret(std::move(plain));
}

}  // namespace userd
