#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace userd {

/// What Confluent's wire format puts before a Protobuf message: the byte 0, the schema's id with
/// four bytes, the highest first, and where the message is in the schema's file. `message_index` is
/// its place among the top-level messages, then among those nested in each.
[[nodiscard]] std::string confluent_prefix(std::int32_t schema_id,
                                           const std::vector<int>& message_index);

}  // namespace userd
