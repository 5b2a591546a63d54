// A stored password hash, as an import or a damaged row would bring it. Nothing is hashed.
#include "passwords/stored_hash.hpp"

#include <sodium.h>

#include "passwords/hasher.hpp"
#include "passwords/legacy.hpp"
#include "require.hpp"

namespace {

using namespace userd;
using fuzz::require;

std::string base64(std::string_view bytes, int variant) {
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), variant);
    text.pop_back();
    return text;
}

std::string adapted(std::string_view bytes) {
    std::string text = base64(bytes, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    std::replace(text.begin(), text.end(), '+', '.');
    return text;
}

void check_argon2(const StoredArgon2& hash, std::string_view stored) {
    require(hash.memory_kib <= kMaxArgon2MemoryKib && hash.iterations <= kMaxArgon2Iterations &&
                hash.lanes <= kMaxArgon2Lanes,
            "Argon2's bounds");
    require(hash.memory_kib > 0 && hash.iterations > 0 && hash.lanes > 0, "no parameter is zero");
    const bool id = hash.variant == StoredArgon2::Variant::argon2id;
    constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    const std::string again =
        std::string(id ? "$argon2id" : "$argon2i") + "$v=19$m=" + std::to_string(hash.memory_kib) +
        ",t=" + std::to_string(hash.iterations) + ",p=" + std::to_string(hash.lanes) + "$" +
        base64(hash.salt, kVariant) + "$" + base64(hash.digest, kVariant);
    require(again == stored, "each Argon2 hash has one spelling");
}

void check_pbkdf2(const StoredPbkdf2& hash, std::string_view stored) {
    require(hash.iterations > 0 && hash.iterations <= kMaxPbkdf2Iterations, "PBKDF2's bounds");
    require(hash.digest.size() == 32, "PBKDF2's digest");
    const std::string count = std::to_string(hash.iterations);
    const std::string django = "pbkdf2_sha256$" + count + "$" + hash.salt + "$" +
                               base64(hash.digest, sodium_base64_VARIANT_ORIGINAL);
    const std::string passlib =
        "$pbkdf2-sha256$" + count + "$" + adapted(hash.salt) + "$" + adapted(hash.digest);
    require(stored == (stored.front() == '$' ? passlib : django),
            "each PBKDF2 hash has one spelling");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string stored(reinterpret_cast<const char*>(data), size);
    const auto argon2 = parse_argon2(stored);
    const auto pbkdf2 = parse_pbkdf2_sha256(stored);
    const auto cost = bcrypt_cost(stored);
    if (argon2) check_argon2(*argon2, stored);
    if (pbkdf2) check_pbkdf2(*pbkdf2, stored);
    if (cost) require(*cost >= 4 && *cost <= kMaxBcryptCost, "bcrypt's bounds");

    const int known = (argon2 ? 1 : 0) + (pbkdf2 ? 1 : 0) + (cost ? 1 : 0);
    require(known <= 1, "no hash is of two formats");
    require(is_supported_hash(stored) == (known == 1), "supported is what a reader takes");
    require((hash_format(stored) == "unknown") == (known == 0), "so are formats");
    if (known == 1)
        for (const char more : {'$', ' ', '\n', '\0'})
            require(!is_supported_hash(stored + more), "nothing may follow");
    if (!argon2) require(Hasher({19456, 2}).needs_rehash(stored), "others are replaced");
    return 0;
}
