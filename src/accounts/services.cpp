#include "accounts/services.hpp"

#include <sodium.h>

#include <algorithm>

#include "base/base64url.hpp"
#include "base/random.hpp"

namespace userd {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kSecretBytes = 32;

/// Fast on purpose: the secret has 256 random bits, so there is nothing to guess.
std::string hash_of(const Secret& secret) {
    std::string hash(crypto_hash_sha256_BYTES, '\0');
    const std::string_view bytes = secret.reveal();
    crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    return hash;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

}  // namespace

bool is_service_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= kMaxName &&
           std::all_of(name.begin(), name.end(), is_name_character);
}

Task<std::optional<Secret>> add_service(Store& store, std::string name) {
    Secret secret(base64url_encode(random_bytes(kSecretBytes)));
    std::string hash = hash_of(secret);
    const bool added = co_await store.add_service(std::move(name), std::move(hash));
    if (!added) co_return std::nullopt;
    co_return std::optional<Secret>(std::move(secret));
}

Task<bool> check_service(Store& store, std::string name, Secret secret) {
    if (!is_service_name(name)) co_return false;
    const Result<Service> service = co_await store.find_service(std::move(name));
    const std::string presented = hash_of(secret);
    co_return service && !service->revoked_at &&
        equal_in_constant_time(presented, service->secret_hash);
}

}  // namespace userd
