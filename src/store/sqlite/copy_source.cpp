#include "store/sqlite/copy_source.hpp"

#include <stdexcept>

#include "store/sqlite/lock.hpp"
#include "store/sqlite/migrate.hpp"

namespace userd {
namespace {

using sqlite::Connection;
using sqlite::Statement;

std::filesystem::path existing(const std::filesystem::path& path) {
    std::filesystem::path resolved = sqlite::resolve(path);
    if (!std::filesystem::exists(resolved))
        throw std::runtime_error("there is no database " + resolved.string());
    return resolved;
}

/// `(?1, ?2)` of the key's columns.
std::string parameter_list(const Table& table) {
    std::string list;
    for (std::size_t i = 1; i <= table.key_columns; ++i)
        list += (i > 1 ? ", ?" : "?") + std::to_string(i);
    return list;
}

CopiedValue read_value(const Statement& row, int index, ColumnType type) {
    if (row.is_null(index)) return std::monostate();
    switch (type) {
        case ColumnType::integer:
        case ColumnType::boolean:
            return row.int64(index);
        case ColumnType::text:
            return row.text(index);
        case ColumnType::uuid:
        case ColumnType::bytes:
            return row.blob(index);
    }
    return std::monostate();
}

CopiedRow read_row(const Statement& row, const Table& table) {
    CopiedRow values;
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        values.push_back(read_value(row, static_cast<int>(i), table.columns[i].type));
    return values;
}

class SqliteSource final : public CopySource {
  public:
    explicit SqliteSource(const std::filesystem::path& path)
        : lock_(path), db_(sqlite::open_writer(path).writer) {}

    std::int64_t count(const Table& table) override {
        return db_->read_number("SELECT count(*) FROM " + std::string(table.name));
    }

    std::vector<CopiedRow> read(const Table& table, const CopiedRow& after, int limit) override {
        const std::string keys = column_list(table, table.key_columns);
        const std::string from = after.empty()
                                     ? std::string()
                                     : " WHERE (" + keys + ") > (" + parameter_list(table) + ")";
        const auto prepared = db_->prepare_once(
            "SELECT " + column_list(table, table.columns.size()) + " FROM " + table.name + from +
            " ORDER BY " + keys + " LIMIT " + std::to_string(limit));
        Statement row(prepared.get(), db_->path());
        for (std::size_t i = 0; i < table.key_columns && i < after.size(); ++i)
            bind(row, static_cast<int>(i) + 1, after[i], table.columns[i].type);
        std::vector<CopiedRow> rows;
        while (row.step())
            rows.push_back(read_row(row, table));
        return rows;
    }

  private:
    static void bind(Statement& statement, int index, const CopiedValue& value, ColumnType type) {
        if (const auto* number = std::get_if<std::int64_t>(&value))
            statement.bind(index, *number);
        else if (type == ColumnType::text)
            statement.bind(index, std::get<std::string>(value));
        else
            statement.bind(index, sqlite::Blob{std::get<std::string>(value)});
    }

    sqlite::FileLock lock_;
    std::unique_ptr<Connection> db_;
};

}  // namespace

std::unique_ptr<CopySource> make_sqlite_source(const std::filesystem::path& path) {
    return std::make_unique<SqliteSource>(existing(path));
}

}  // namespace userd
