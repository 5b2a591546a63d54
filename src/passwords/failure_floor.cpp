#include "passwords/failure_floor.hpp"

#include <algorithm>
#include <string_view>

#include "base/random.hpp"
#include "passwords/hasher.hpp"

namespace userd {
namespace {

using Duration = std::chrono::steady_clock::duration;

// Above the costliest hash within the bounds of legacy.hpp. A machine that slept during a hash
// would otherwise hold every failed login for as long.
constexpr Duration kLongest = std::chrono::seconds(10);

/// The share of the distance by which a known time falls towards a shorter one. Slow enough that
/// about one time in a hundred lies above it; what lies far off was an accident and goes sooner.
Duration fallen(Duration known, Duration took) {
    return known - (known - took) / (known / 4 > took ? 8 : 256);
}

std::string random_text(std::size_t size, std::string_view alphabet) {
    std::string text = random_bytes(size);
    for (char& c : text)
        c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    return text;
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBcrypt64 =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// The last characters below are those whose spare bits are zero.

/// 32 bytes in base64 without padding.
std::string random_digest() {
    return random_text(42, kBase64) + random_text(1, "AEIMQUYcgkosw048");
}

std::string argon2_example(const std::string& format) {
    const std::size_t parameters = format.find('$');
    const std::string salt = random_text(21, kBase64) + random_text(1, "AQgw");
    return "$" + format.substr(0, parameters) + "$v=19" + format.substr(parameters) + "$" + salt +
           "$" + random_digest();
}

std::string bcrypt_example(std::string cost) {
    if (cost.size() == 1) cost.insert(0, 1, '0');
    return "$2b$" + cost + "$" + random_text(21, kBcrypt64) + random_text(1, ".Oeu") +
           random_text(30, kBcrypt64) + random_text(1, ".CGKOSWaeimquy26");
}

}  // namespace

void FailureFloor::set_formats(const std::vector<std::string>& formats) {
    std::set<std::string> known;
    for (const std::string& format : formats)
        if (!example_hash(format).empty()) known.insert(format);
    const std::scoped_lock lock(mutex_);
    formats_ = std::move(known);
    std::erase_if(measured_, [this](const auto& entry) { return !formats_.contains(entry.first); });
}

void FailureFloor::record(const std::string& format, Duration took, bool in_fresh_memory) {
    took = std::clamp(took, Duration::zero(), kLongest);
    const std::scoped_lock lock(mutex_);
    if (!formats_.contains(format)) return;
    const auto [entry, added] = measured_.try_emplace(format, took);
    if (added) return;
    Duration& known = entry->second;
    known = std::max(took, in_fresh_memory ? fallen(known, took) : known);
}

std::vector<std::string> FailureFloor::unmeasured() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> missing;
    for (const std::string& format : formats_)
        if (!measured_.contains(format)) missing.push_back(format);
    return missing;
}

Duration FailureFloor::get() const {
    const std::scoped_lock lock(mutex_);
    Duration longest{};
    for (const auto& [format, took] : measured_)
        longest = std::max(longest, took);
    return longest;
}

std::string example_hash(const std::string& format) {
    std::string example;
    if (format.starts_with("argon2i$") || format.starts_with("argon2id$"))
        example = argon2_example(format);
    else if (format.starts_with("bcrypt$"))
        example = bcrypt_example(format.substr(7));
    else if (format.starts_with("pbkdf2_sha256$"))
        example = format + "$" + random_text(22, kBase64) + "$" + random_digest() + "=";
    // The readers of stored hashes know what is well formed.
    if (hash_format(example) != format) example.clear();
    return example;
}

}  // namespace userd
