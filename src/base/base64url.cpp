#include "base/base64url.hpp"

#include <array>
#include <cstdint>

namespace userd {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> make_reverse() {
    std::array<std::int8_t, 256> reverse{};
    reverse.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        reverse[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    return reverse;
}
constexpr std::array<std::int8_t, 256> kReverse = make_reverse();

std::uint32_t octet(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

char symbol(std::uint32_t bits) {
    return kAlphabet[bits & 63];
}

/// Negative for a foreign character.
std::int32_t value_of(std::string_view text, std::size_t at) {
    return kReverse[static_cast<std::uint8_t>(text[at])];
}

}  // namespace

std::string base64url_encode(std::string_view bytes) {
    std::string text((bytes.size() * 4 + 2) / 3, '\0');
    char* out = text.data();
    std::size_t at = 0;
    for (; at + 3 <= bytes.size(); at += 3) {
        const std::uint32_t bits =
            octet(bytes, at) << 16 | octet(bytes, at + 1) << 8 | octet(bytes, at + 2);
        *out++ = symbol(bits >> 18);
        *out++ = symbol(bits >> 12);
        *out++ = symbol(bits >> 6);
        *out++ = symbol(bits);
    }
    if (at == bytes.size()) return text;
    const bool two = at + 2 == bytes.size();
    const std::uint32_t bits = octet(bytes, at) << 16 | (two ? octet(bytes, at + 1) << 8 : 0);
    *out++ = symbol(bits >> 18);
    *out++ = symbol(bits >> 12);
    if (two) *out++ = symbol(bits >> 6);
    return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes(text.size() * 3 / 4, '\0');
    char* out = bytes.data();
    std::size_t at = 0;
    for (; at + 4 <= text.size(); at += 4) {
        const std::int32_t bits = value_of(text, at) << 18 | value_of(text, at + 1) << 12 |
                                  value_of(text, at + 2) << 6 | value_of(text, at + 3);
        if (bits < 0) return std::nullopt;
        *out++ = static_cast<char>(bits >> 16);
        *out++ = static_cast<char>(bits >> 8);
        *out++ = static_cast<char>(bits);
    }
    if (at == text.size()) return bytes;
    const bool three = at + 3 == text.size();
    const std::int32_t bits = value_of(text, at) << 18 | value_of(text, at + 1) << 12 |
                              (three ? value_of(text, at + 2) << 6 : 0);
    const std::int32_t spare = three ? 0xff : 0xffff;
    if (bits < 0 || (bits & spare) != 0) return std::nullopt;
    *out++ = static_cast<char>(bits >> 16);
    if (three) *out++ = static_cast<char>(bits >> 8);
    return bytes;
}

}  // namespace userd
