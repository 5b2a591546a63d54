#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace userd {

/// What Confluent's wire format puts before a Protobuf message: the byte 0, the schema's id with
/// four bytes, the highest first, and where the message is in the schema's file. `message_index` is
/// its place among the top-level messages, then among those nested in each.
[[nodiscard]] std::string confluent_prefix(std::int32_t schema_id,
                                           const std::vector<int>& message_index);

/// The Protobuf message of a value with or without that prefix: none begins with a zero byte. Of a
/// prefix only that of the first message of a file is known.
[[nodiscard]] std::string_view without_confluent_prefix(std::string_view value);

}  // namespace userd
