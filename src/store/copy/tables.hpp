#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace userd {

enum class ColumnType { integer, boolean, text, uuid, bytes };

struct Column {
    const char* name;
    ColumnType type;
};

/// A table as every kind of database has it.
struct Table {
    const char* name;
    std::vector<Column> columns;  ///< those of the primary key first
    std::size_t key_columns = 1;
    bool has_row_from_start = false;  ///< one that the migration made, which a copy overwrites
};

/// All tables that are copied, each after those it refers to.
[[nodiscard]] const std::vector<Table>& copied_tables();

/// NULL; an integer, or 0 and 1; text and bytes as they are, a UUID as 16 bytes.
using CopiedValue = std::variant<std::monostate, std::int64_t, std::string>;
using CopiedRow = std::vector<CopiedValue>;  ///< in the order of Table::columns

/// `a, b, c` of the first `count` columns.
[[nodiscard]] std::string column_list(const Table& table, std::size_t count);

}  // namespace userd
