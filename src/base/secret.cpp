#include "base/secret.hpp"

#include <sodium.h>

namespace userd {
namespace {

/// Moves the bytes over; what a short string leaves in its own buffer is overwritten.
std::string take(std::string& from) noexcept {
    std::string taken;
    taken.swap(from);
    wipe(from);
    return taken;
}

}  // namespace

void wipe(std::string& bytes) noexcept {
    // The whole allocation may hold earlier content.
    bytes.resize(bytes.capacity());
    sodium_memzero(bytes.data(), bytes.size());
    bytes.clear();
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Secret::Secret(std::string&& bytes) : bytes_(take(bytes)) {}

Secret::Secret(Secret&& other) noexcept : bytes_(take(other.bytes_)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe(bytes_);
        bytes_ = take(other.bytes_);
    }
    return *this;
}

Secret::~Secret() {
    wipe(bytes_);
}

}  // namespace userd
