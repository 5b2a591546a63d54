#include "store/postgres/params.hpp"

#include <bit>
#include <concepts>
#include <limits>
#include <stdexcept>

namespace userd::postgres {
namespace {

// OIDs of pg_type; the array's is that of one dimension.
constexpr unsigned kBool = 16;
constexpr unsigned kBytea = 17;
constexpr unsigned kInt8 = 20;
constexpr unsigned kInt4 = 23;
constexpr unsigned kText = 25;
constexpr unsigned kByteaArray = 1001;
constexpr unsigned kTextArray = 1009;
constexpr unsigned kInt8Array = 1016;
constexpr unsigned kUuid = 2950;

template <std::unsigned_integral T>
std::string big_endian(T value) {
    std::string bytes(sizeof value, '\0');
    for (std::size_t i = sizeof value; i-- > 0; value = static_cast<T>(value >> 8U))
        bytes[i] = static_cast<char>(value & 0xFFU);
    return bytes;
}

int size_of(std::string_view value) {
    if (value.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw std::length_error("a parameter is too long for the database");
    return static_cast<int>(value.size());
}

std::string int32(std::int64_t value) {
    return big_endian(static_cast<std::uint32_t>(value));
}

std::string_view bytes_of(const std::string& value) {
    return value;
}
std::string_view bytes_of(Bytes value) {
    return value.bytes;
}
std::string bytes_of(std::int64_t value) {
    return big_endian(std::bit_cast<std::uint64_t>(value));
}

template <class T>
std::string element(const T& value) {
    const auto bytes = bytes_of(value);
    return int32(size_of(bytes)) + std::string(bytes);
}
std::string element(const std::optional<std::string>& value) {
    constexpr int kNullLength = -1;
    return value ? element(*value) : int32(kNullLength);
}

/// An array as array_recv takes it: dimensions, whether it has NULLs, the type, then for the one
/// dimension its size and first index; then each value with its length.
template <class T>
std::string array_of(unsigned type, const std::vector<T>& values) {
    constexpr bool kMayHaveNulls = std::is_same_v<T, std::optional<std::string>>;
    std::string array = int32(values.empty() ? 0 : 1) + int32(kMayHaveNulls) + int32(type);
    if (values.empty()) return array;
    array += int32(static_cast<std::int64_t>(values.size())) + int32(1);
    for (const T& value : values)
        array += element(value);
    return array;
}

}  // namespace

void Params::add(std::int64_t value) {
    append(kInt8, bytes_of(value));
}

void Params::add(int value) {
    append(kInt4, int32(value));
}

void Params::add(bool value) {
    append(kBool, std::string_view(value ? "\1" : "\0", 1));
}

void Params::add(std::string_view value) {
    append(kText, value);
}

void Params::add(Bytes value) {
    append(kBytea, value.bytes);
}

void Params::add(const Uuid& value) {
    append(kUuid, {reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
}

void Params::add(const std::vector<std::int64_t>& values) {
    append(kInt8Array, array_of(kInt8, values));
}

void Params::add(const std::vector<std::string>& values) {
    append(kTextArray, array_of(kText, values));
}

void Params::add(const std::vector<Bytes>& values) {
    append(kByteaArray, array_of(kBytea, values));
}

void Params::add(const std::vector<std::optional<std::string>>& values) {
    append(kTextArray, array_of(kText, values));
}

std::vector<const char*> Params::values() const {
    std::vector<const char*> values;
    values.reserve(offsets_.size());
    for (const std::size_t offset : offsets_)
        values.push_back(offset == kNull ? nullptr : data_.data() + offset);
    return values;
}

void Params::append(unsigned type, std::string_view value) {
    constexpr int kBinary = 1;
    offsets_.push_back(data_.size());
    lengths_.push_back(size_of(value));
    formats_.push_back(kBinary);
    types_.push_back(type);
    data_ += value;
}

void Params::set_null() {
    offsets_.back() = kNull;
    lengths_.back() = 0;
}

}  // namespace userd::postgres
