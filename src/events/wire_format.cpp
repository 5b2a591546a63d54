#include "events/wire_format.hpp"

#include <algorithm>

namespace userd {
namespace {

/// Avro's form of a long, as Confluent's: zigzag, then seven bits a byte, the lowest first.
void append_varint(std::string& to, int value) {
    auto left = (static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31);
    for (; left > 0x7F; left >>= 7)
        to.push_back(static_cast<char>((left & 0x7F) | 0x80));
    to.push_back(static_cast<char>(left));
}

constexpr std::size_t kSchemaSize = 5;  // the magic byte and the schema's id

}  // namespace

std::string confluent_prefix(std::int32_t schema_id, const std::vector<int>& message_index) {
    std::string prefix(1, '\0');
    for (int shift = 24; shift >= 0; shift -= 8)
        prefix.push_back(static_cast<char>((schema_id >> shift) & 0xFF));
    // The first message, by far the most frequent, has a short form.
    if (message_index == std::vector<int>{0}) {
        prefix.push_back('\0');
        return prefix;
    }
    append_varint(prefix, static_cast<int>(message_index.size()));
    for (const int index : message_index)
        append_varint(prefix, index);
    return prefix;
}

std::string_view without_confluent_prefix(std::string_view value) {
    if (!value.starts_with('\0')) return value;
    value.remove_prefix(std::min(kSchemaSize, value.size()));
    if (value.starts_with('\0')) value.remove_prefix(1);  // the first message's index
    return value;
}

}  // namespace userd
