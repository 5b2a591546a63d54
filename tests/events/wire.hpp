#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace userd {

/// A message's fields by number, read by the rules of Protobuf's encoding and without its library.
/// Varints and length-delimited fields only; std::runtime_error for anything else, and for a field
/// that repeats.
class Wire {
  public:
    explicit Wire(std::string_view bytes) : left_(bytes) {
        while (!left_.empty()) {
            const std::uint64_t tag = varint();
            const auto number = static_cast<int>(tag >> 3);
            bool added = false;
            if ((tag & 7) == 0)
                added = numbers.emplace(number, static_cast<std::int64_t>(varint())).second;
            else if ((tag & 7) == 2)
                added = texts.emplace(number, bytes_of(varint())).second;
            if (!added) throw std::runtime_error("field " + std::to_string(number));
        }
    }

    std::map<int, std::int64_t> numbers;
    std::map<int, std::string> texts;

  private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (left_.empty()) throw std::runtime_error("cut short");
            const auto byte = static_cast<unsigned char>(left_.front());
            left_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        throw std::runtime_error("a number of more than ten bytes");
    }
    std::string bytes_of(std::uint64_t size) {
        if (size > left_.size()) throw std::runtime_error("cut short");
        const std::string bytes(left_.substr(0, size));
        left_.remove_prefix(size);
        return bytes;
    }

    std::string_view left_;
};

}  // namespace userd
