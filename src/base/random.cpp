#include "base/random.hpp"

#include <sodium.h>

namespace userd {

void fill_random(std::span<std::uint8_t> bytes) {
    randombytes_buf(bytes.data(), bytes.size());
}

std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

}  // namespace userd
