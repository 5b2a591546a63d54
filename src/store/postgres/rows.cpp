#include "store/postgres/rows.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace userd::postgres {
namespace {

[[noreturn]] void throw_type_fault(const PGresult* result, int column, const char* wanted) {
    const char* name = PQfname(result, column);
    throw std::runtime_error(std::string("the database's column ") +
                             (name != nullptr ? name : "?") + " does not hold " + wanted);
}

std::int64_t read_signed(std::string_view bytes) {
    // Two's complement: the first byte's sign bit fills what is above.
    std::uint64_t value = (static_cast<unsigned char>(bytes.front()) & 0x80U) != 0
                              ? ~std::uint64_t{0}
                              : std::uint64_t{0};
    for (const char byte : bytes)
        value = (value << 8U) | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

}  // namespace

std::int64_t Row::int64(int column) const {
    const std::string_view value = bytes(column);
    if (value.size() != sizeof(std::int64_t) && value.size() != sizeof(std::int32_t))
        throw_type_fault(result_, column, "an integer");
    return read_signed(value);
}

bool Row::boolean(int column) const {
    const std::string_view value = bytes(column);
    if (value.size() != 1) throw_type_fault(result_, column, "a boolean");
    return value.front() != '\0';
}

std::string_view Row::bytes(int column) const {
    if (column < 0 || column >= PQnfields(result_) || row_ < 0 || row_ >= PQntuples(result_))
        throw_type_fault(result_, column, "anything");
    return {PQgetvalue(result_, row_, column),
            static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

Uuid Row::uuid(int column) const {
    Uuid uuid;
    const std::string_view value = bytes(column);
    if (value.size() != uuid.bytes.size()) throw_type_fault(result_, column, "a uuid");
    std::copy_n(reinterpret_cast<const std::uint8_t*>(value.data()), value.size(),
                uuid.bytes.begin());
    return uuid;
}

std::int64_t Rows::affected() const {
    return std::strtoll(PQcmdTuples(result_.get()), nullptr, 10);
}

}  // namespace userd::postgres
