#include "passwords/hasher.hpp"

#include <sodium.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include "base/random.hpp"
#include "passwords/argon2_memory.hpp"
#include "passwords/legacy.hpp"
#include "passwords/stored_hash.hpp"

namespace userd {
namespace {

constexpr std::size_t kSaltBytes = crypto_pwhash_argon2id_SALTBYTES;
constexpr std::size_t kDigestBytes = 32;

/// Picks libsodium's fastest implementation; before that it would be the portable one.
void start_sodium() {
    static const int started = sodium_init();
    if (started < 0) throw std::runtime_error("libsodium could not be started");
}

std::string parameters_of(std::uint32_t memory_kib, std::uint32_t iterations, std::uint32_t lanes) {
    return "m=" + std::to_string(memory_kib) + ",t=" + std::to_string(iterations) +
           ",p=" + std::to_string(lanes);
}

/// Argon2 of one lane and 16 bytes of salt. Throws std::bad_alloc when memory is short,
/// std::invalid_argument for parameters that libsodium does not take.
std::string derive(StoredArgon2::Variant variant, const Secret& password, std::string_view salt,
                   std::uint32_t memory_kib, std::uint32_t iterations, std::size_t digest_bytes,
                   Argon2Memory* memory) {
    const Argon2Memory::Lending lending(memory);
    const auto function =
        variant == StoredArgon2::Variant::argon2id ? crypto_pwhash_argon2id : crypto_pwhash_argon2i;
    const int algorithm = variant == StoredArgon2::Variant::argon2id
                              ? crypto_pwhash_argon2id_ALG_ARGON2ID13
                              : crypto_pwhash_argon2i_ALG_ARGON2I13;
    std::string digest(digest_bytes, '\0');
    const int failed = function(reinterpret_cast<unsigned char*>(digest.data()), digest.size(),
                                password.reveal().data(), password.size(),
                                reinterpret_cast<const unsigned char*>(salt.data()), iterations,
                                std::size_t{memory_kib} * 1024, algorithm);
    if (failed != 0 && (errno == EINVAL || errno == EFBIG))
        throw std::invalid_argument("Argon2: parameters out of range: " +
                                    parameters_of(memory_kib, iterations, 1));
    if (failed != 0) throw std::bad_alloc();
    return digest;
}

std::string encode_base64(std::string_view bytes) {
    constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), kVariant);
    text.pop_back();  // the terminating NUL
    return text;
}

/// libsodium's verification calls a shortage of memory a mismatch; nobody may be told that their
/// password is wrong because of it. It needs the blocks, and one lane's addresses and some buffers.
void require_memory(std::uint32_t memory_kib) {
    constexpr std::size_t kBuffers = 65536;
    constexpr std::size_t kBlock = 1024;
    constexpr std::size_t kAddresses = 2;  // of 8 bytes, for a quarter of a lane's blocks
    const std::size_t size = memory_kib * (kBlock + kAddresses) + kBuffers;
    void* const area =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) throw std::bad_alloc();
    ::munmap(area, size);
}

/// Whether derive(), which reports a shortage of memory exactly, takes these parameters.
bool is_derivable(const StoredArgon2& hash) {
    const bool enough_passes = hash.variant == StoredArgon2::Variant::argon2id ||
                               hash.iterations >= crypto_pwhash_argon2i_OPSLIMIT_MIN;
    return hash.lanes == 1 && hash.salt.size() == kSaltBytes && enough_passes;
}

bool verify_argon2(const Secret& password, std::string_view stored, const StoredArgon2& hash,
                   Argon2Memory* memory) {
    if (is_derivable(hash))
        return equal_in_constant_time(derive(hash.variant, password, hash.salt, hash.memory_kib,
                                             hash.iterations, hash.digest.size(), memory),
                                      hash.digest);
    const std::string text(stored);
    const auto function = hash.variant == StoredArgon2::Variant::argon2id
                              ? crypto_pwhash_argon2id_str_verify
                              : crypto_pwhash_argon2i_str_verify;
    if (function(text.c_str(), password.reveal().data(), password.size()) == 0) return true;
    require_memory(hash.memory_kib);
    return false;
}

const char* name_of(StoredArgon2::Variant variant) {
    switch (variant) {
        case StoredArgon2::Variant::argon2i:
            return "argon2i";
        case StoredArgon2::Variant::argon2id:
            return "argon2id";
    }
    std::abort();
}

}  // namespace

std::string Hasher::hash(const Secret& password, Argon2Memory* memory) const {
    start_sodium();
    const std::string salt = random_bytes(kSaltBytes);
    const std::string digest =
        derive(StoredArgon2::Variant::argon2id, password, salt, settings_.memory_kib,
               settings_.iterations, kDigestBytes, memory);
    return "$argon2id$v=19$" + parameters_of(settings_.memory_kib, settings_.iterations, 1) + "$" +
           encode_base64(salt) + "$" + encode_base64(digest);
}

bool Hasher::verify(const Secret& password, std::string_view stored, Argon2Memory* memory) const {
    start_sodium();
    if (const auto hash = parse_argon2(stored))
        return verify_argon2(password, stored, *hash, memory);
    return verify_bcrypt(password, stored) || verify_pbkdf2_sha256(password, stored);
}

bool Hasher::needs_rehash(std::string_view stored) const {
    const auto hash = parse_argon2(stored);
    return !hash || hash->variant != StoredArgon2::Variant::argon2id ||
           hash->memory_kib != settings_.memory_kib || hash->iterations != settings_.iterations ||
           hash->lanes != 1 || hash->salt.size() != kSaltBytes ||
           hash->digest.size() != kDigestBytes;
}

std::size_t Hasher::memory_bytes() const {
    // Blocks of 1 KiB, as many for each of a lane's four slices (RFC 9106 section 3.2).
    return std::size_t{settings_.memory_kib / 4 * 4} * 1024;
}

std::string hash_format(std::string_view stored) {
    if (const auto hash = parse_argon2(stored))
        return std::string(name_of(hash->variant)) + "$" +
               parameters_of(hash->memory_kib, hash->iterations, hash->lanes);
    if (const auto cost = bcrypt_cost(stored)) return "bcrypt$" + std::to_string(*cost);
    if (const auto iterations = pbkdf2_iterations(stored))
        return "pbkdf2_sha256$" + std::to_string(*iterations);
    return "unknown";
}

bool is_supported_hash(std::string_view stored) {
    return hash_format(stored) != "unknown";
}

}  // namespace userd
