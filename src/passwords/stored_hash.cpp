#include "passwords/stored_hash.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "passwords/legacy.hpp"

namespace userd {
namespace {

// Longer than any hash within the bounds below.
constexpr std::size_t kMaxLength = 512;
constexpr std::size_t kPbkdf2Digest = 32;
constexpr std::size_t kMaxPbkdf2Salt = 128;

/// 1 to `max` in decimal digits without leading zeros.
std::optional<std::uint32_t> parse_count(std::string_view text, std::uint32_t max) {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    if (text.front() == '0' || value > max) return std::nullopt;
    return value;
}

std::optional<std::string> decode_base64(std::string_view text, int variant, std::size_t min_bytes,
                                         std::size_t max_bytes) {
    // libsodium 1.0.18 takes every byte above ASCII for a digit where char is signed.
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; }))
        return std::nullopt;
    std::string bytes(text.size(), '\0');
    std::size_t size = 0;
    const char* stop = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &size, &stop, variant) != 0)
        return std::nullopt;
    if (stop != text.data() + text.size() || size < min_bytes || size > max_bytes)
        return std::nullopt;
    bytes.resize(size);
    return bytes;
}

/// The alphabet of passlib's "adapted base64" has no `+`, which would be a second spelling of `.`.
std::optional<std::string> decode_adapted_base64(std::string_view text, std::size_t min_bytes,
                                                 std::size_t max_bytes) {
    if (text.find('+') != std::string_view::npos) return std::nullopt;
    std::string standard(text);
    std::replace(standard.begin(), standard.end(), '.', '+');
    return decode_base64(standard, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, min_bytes, max_bytes);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::optional<std::uint32_t> parse_parameter(std::string_view text, std::string_view name,
                                             std::uint32_t max) {
    if (!text.starts_with(name)) return std::nullopt;
    return parse_count(text.substr(name.size()), max);
}

std::optional<StoredPbkdf2> make_pbkdf2(std::string_view iterations,
                                        std::optional<std::string> salt,
                                        std::optional<std::string> digest) {
    const auto count = parse_count(iterations, kMaxPbkdf2Iterations);
    if (!count || !salt || !digest) return std::nullopt;
    return StoredPbkdf2{*count, *std::move(salt), *std::move(digest)};
}

std::optional<std::string> plain_salt(std::string_view text) {
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
    if (text.empty() || text.size() > kMaxPbkdf2Salt || !printable) return std::nullopt;
    return std::string(text);
}

}  // namespace

std::optional<StoredArgon2> parse_argon2(std::string_view stored) {
    if (stored.size() > kMaxLength) return std::nullopt;
    const auto parts = split(stored, '$');
    if (parts.size() != 6 || !parts[0].empty() || parts[2] != "v=19") return std::nullopt;
    StoredArgon2 hash;
    if (parts[1] == "argon2i")
        hash.variant = StoredArgon2::Variant::argon2i;
    else if (parts[1] != "argon2id")
        return std::nullopt;

    const auto parameters = split(parts[3], ',');
    if (parameters.size() != 3) return std::nullopt;
    const auto memory = parse_parameter(parameters[0], "m=", kMaxArgon2MemoryKib);
    const auto iterations = parse_parameter(parameters[1], "t=", kMaxArgon2Iterations);
    const auto lanes = parse_parameter(parameters[2], "p=", kMaxArgon2Lanes);
    // RFC 9106 section 3.1: at least 8 KiB per lane.
    if (!memory || !iterations || !lanes || *memory < 8 * *lanes) return std::nullopt;

    auto salt = decode_base64(parts[4], sodium_base64_VARIANT_ORIGINAL_NO_PADDING, 8, 64);
    auto digest = decode_base64(parts[5], sodium_base64_VARIANT_ORIGINAL_NO_PADDING, 16, 64);
    if (!salt || !digest) return std::nullopt;
    hash.memory_kib = *memory;
    hash.iterations = *iterations;
    hash.lanes = *lanes;
    hash.salt = *std::move(salt);
    hash.digest = *std::move(digest);
    return hash;
}

std::optional<StoredPbkdf2> parse_pbkdf2_sha256(std::string_view stored) {
    if (stored.size() > kMaxLength) return std::nullopt;
    const auto parts = split(stored, '$');
    if (parts.size() == 4 && parts[0] == "pbkdf2_sha256")
        return make_pbkdf2(
            parts[1], plain_salt(parts[2]),
            decode_base64(parts[3], sodium_base64_VARIANT_ORIGINAL, kPbkdf2Digest, kPbkdf2Digest));
    if (parts.size() == 5 && parts[0].empty() && parts[1] == "pbkdf2-sha256")
        return make_pbkdf2(parts[2], decode_adapted_base64(parts[3], 1, kMaxPbkdf2Salt),
                           decode_adapted_base64(parts[4], kPbkdf2Digest, kPbkdf2Digest));
    return std::nullopt;
}

}  // namespace userd
