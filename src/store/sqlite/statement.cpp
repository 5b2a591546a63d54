#include "store/sqlite/statement.hpp"

#include <algorithm>
#include <new>

#include "base/errc.hpp"
#include "store/sqlite/error.hpp"

namespace userd::sqlite {

void Statement::check(int code) const {
    if (code != SQLITE_OK) throw_error(sqlite3_db_handle(statement_), code, path_);
}

void Statement::bind(int index, std::nullptr_t) {
    check(sqlite3_bind_null(statement_, index));
}

void Statement::bind(int index, std::int64_t value) {
    check(sqlite3_bind_int64(statement_, index, value));
}

void Statement::bind(int index, std::string_view value) {
    // A null pointer would bind NULL.
    const char* data = value.data() != nullptr ? value.data() : "";
    check(sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int index, std::optional<Timestamp> value) {
    if (value)
        bind(index, *value);
    else
        bind(index, nullptr);
}

void Statement::bind(int index, Blob value) {
    // A null pointer would bind NULL.
    const char* data = value.bytes.data() != nullptr ? value.bytes.data() : "";
    check(sqlite3_bind_blob64(statement_, index, data, value.bytes.size(), SQLITE_STATIC));
}

void Statement::bind(int index, const Uuid& value) {
    check(sqlite3_bind_blob64(statement_, index, value.bytes.data(), value.bytes.size(),
                              SQLITE_STATIC));
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw_error(sqlite3_db_handle(statement_), code, path_);
}

void Statement::run_to_end() {
    while (step()) {
    }
}

std::string Statement::text(int column) const {
    const unsigned char* data = sqlite3_column_text(statement_, column);
    if (data == nullptr) {
        if (is_null(column)) return {};
        throw std::bad_alloc();
    }
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return std::string(reinterpret_cast<const char*>(data), size);
}

std::string Statement::blob(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    if (data != nullptr) return std::string(static_cast<const char*>(data), size);
    // An empty value has no address either.
    if (sqlite3_errcode(sqlite3_db_handle(statement_)) == SQLITE_NOMEM) throw std::bad_alloc();
    return {};
}

Uuid Statement::uuid(int column) const {
    Uuid uuid;
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    if (data == nullptr || size != uuid.bytes.size()) throw_error(nullptr, SQLITE_CORRUPT, path_);
    std::copy_n(static_cast<const std::uint8_t*>(data), size, uuid.bytes.begin());
    return uuid;
}

}  // namespace userd::sqlite
