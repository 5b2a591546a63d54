#include "passwords/legacy.hpp"

#include <crypt.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "passwords/stored_hash.hpp"

namespace userd {
namespace {

constexpr std::size_t kBcryptBytes = 72;

constexpr std::string_view kBcryptAlphabet =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

struct WipeCryptData {
    void operator()(crypt_data* data) const noexcept {
        sodium_memzero(data, sizeof *data);
        delete data;
    }
};

}  // namespace

std::optional<std::uint32_t> bcrypt_cost(std::string_view stored) {
    if (stored.size() != 60) return std::nullopt;
    const std::string_view prefix = stored.substr(0, 4);
    if (prefix != "$2a$" && prefix != "$2b$" && prefix != "$2y$") return std::nullopt;
    if (!is_digit(stored[4]) || !is_digit(stored[5]) || stored[6] != '$') return std::nullopt;
    const auto cost = static_cast<std::uint32_t>((stored[4] - '0') * 10 + (stored[5] - '0'));
    if (cost < 4 || cost > kMaxBcryptCost) return std::nullopt;
    if (stored.find_first_not_of(kBcryptAlphabet, 7) != std::string_view::npos) return std::nullopt;
    // 128 bits of salt in 22 characters, 184 bits of digest in 31: the last ones have spare bits,
    // which libxcrypt writes as zero. With others set the hash could never match.
    if (kBcryptAlphabet.find(stored[28]) % 16 != 0) return std::nullopt;
    if (kBcryptAlphabet.find(stored[59]) % 4 != 0) return std::nullopt;
    return cost;
}

bool verify_bcrypt(const Secret& password, std::string_view stored) {
    if (!bcrypt_cost(stored)) return false;
    // bcrypt ends at a NUL, so "a\0b" would match the hash of "a".
    if (password.reveal().find('\0') != std::string_view::npos) return false;

    // libxcrypt refuses long phrases instead of ignoring what bcrypt ignores.
    Secret phrase(password.reveal().substr(0, kBcryptBytes));
    const std::string setting(stored);
    const std::unique_ptr<crypt_data, WipeCryptData> data(new crypt_data{});
    // A Secret's bytes are those of a std::string, so a NUL follows them.
    const char* const result = crypt_r(phrase.reveal().data(), setting.c_str(), data.get());
    return result != nullptr && equal_in_constant_time(result, stored);
}

std::optional<std::uint32_t> pbkdf2_iterations(std::string_view stored) {
    const auto hash = parse_pbkdf2_sha256(stored);
    if (!hash) return std::nullopt;
    return hash->iterations;
}

bool verify_pbkdf2_sha256(const Secret& password, std::string_view stored) {
    const auto hash = parse_pbkdf2_sha256(stored);
    if (!hash) return false;
    std::string digest(hash->digest.size(), '\0');
    const int done = PKCS5_PBKDF2_HMAC(
        password.reveal().data(), static_cast<int>(password.size()),
        reinterpret_cast<const unsigned char*>(hash->salt.data()),
        static_cast<int>(hash->salt.size()), static_cast<int>(hash->iterations), EVP_sha256(),
        static_cast<int>(digest.size()), reinterpret_cast<unsigned char*>(digest.data()));
    if (done != 1) throw std::runtime_error("PBKDF2: OpenSSL could not compute the digest");
    return equal_in_constant_time(digest, hash->digest);
}

}  // namespace userd
