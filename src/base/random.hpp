#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace userd {

/// Fills with bytes of the operating system's cryptographic generator.
void fill_random(std::span<std::uint8_t> bytes);

/// `size` random bytes as a string.
[[nodiscard]] std::string random_bytes(std::size_t size);

}  // namespace userd
