#include "passwords/breach_range.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>
#include <string>

namespace userd {
namespace {

constexpr std::size_t kSha1Bytes = 20;
constexpr std::size_t kPrefixDigits = 5;
constexpr std::size_t kSuffixDigits = 2 * kSha1Bytes - kPrefixDigits;
constexpr std::string_view kUpperHex = "0123456789ABCDEF";
constexpr std::string_view kDecimal = "0123456789";

bool consists_of(std::string_view text, std::string_view alphabet) {
    return !text.empty() && text.find_first_not_of(alphabet) == std::string_view::npos;
}

}  // namespace

RangeKey range_key(const Secret& password) {
    std::array<unsigned char, kSha1Bytes> digest{};
    if (EVP_Digest(password.reveal().data(), password.size(), digest.data(), nullptr, EVP_sha1(),
                   nullptr) != 1)
        throw std::runtime_error("SHA-1: OpenSSL could not compute the digest");
    std::string digits;
    digits.reserve(2 * kSha1Bytes);
    for (const unsigned char byte : digest) {
        digits.push_back(kUpperHex[byte >> 4]);
        digits.push_back(kUpperHex[byte & 15]);
    }
    RangeKey key{digits.substr(0, kPrefixDigits),
                 Secret(std::string_view(digits).substr(kPrefixDigits))};
    wipe(digits);
    return key;
}

std::optional<bool> find_in_range(std::string_view answer, std::string_view suffix) {
    if (answer.empty()) return std::nullopt;
    bool found = false;
    while (!answer.empty()) {
        const std::size_t end = answer.find('\n');
        std::string_view line = answer.substr(0, end);
        answer.remove_prefix(end == std::string_view::npos ? answer.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.size() <= kSuffixDigits || line[kSuffixDigits] != ':') return std::nullopt;
        const std::string_view count = line.substr(kSuffixDigits + 1);
        line = line.substr(0, kSuffixDigits);
        if (!consists_of(line, kUpperHex) || !consists_of(count, kDecimal)) return std::nullopt;
        const bool padding = count.find_first_not_of('0') == std::string_view::npos;
        found = found || (line == suffix && !padding);
    }
    return found;
}

}  // namespace userd
