#include "store/postgres/copy_target.hpp"

#include <charconv>
#include <stdexcept>

#include "async/block_on.hpp"
#include "base/text.hpp"
#include "store/postgres/database.hpp"

namespace userd {
namespace {

using postgres::Params;
using postgres::Row;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kNoteTable{
    "copy_note_table",
    "CREATE TABLE IF NOT EXISTS database_copy ("
    "one integer NOT NULL PRIMARY KEY CHECK (one = 1), source text NOT NULL, "
    "began_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz)"};
// A database without users holds nothing of worth; the row decides between copies that begin at
// once.
constexpr Statement kBegin{"copy_begin", R"(
    WITH noted AS (
        INSERT INTO database_copy (one, source)
        SELECT 1, $1 WHERE NOT EXISTS (SELECT 1 FROM users)
        ON CONFLICT (one) DO NOTHING RETURNING source, finished_at)
    SELECT source, finished_at IS NOT NULL, true FROM noted
    UNION ALL
    SELECT source, finished_at IS NOT NULL, false FROM database_copy)"};
constexpr Statement kIsNoted{"copy_is_noted", "SELECT to_regclass('database_copy') IS NOT NULL",
                             postgres::Repeat::read};
constexpr Statement kUnfinished{"copy_unfinished",
                                "SELECT source FROM database_copy WHERE finished_at IS NULL",
                                postgres::Repeat::read};
constexpr Statement kFinish{"copy_finish", "UPDATE database_copy SET finished_at = now()"};
// New events come after those that were copied.
constexpr Statement kRaiseSequence{"copy_raise_sequence", R"(
    SELECT setval(pg_get_serial_sequence('events', 'sequence'),
                  greatest((SELECT coalesce(max(sequence), 0) FROM events), 1)),
           setval(pg_get_serial_sequence('audit_outbox', 'sequence'),
                  greatest((SELECT coalesce(max(sequence), 0) FROM audit_outbox), 1)))"};

const char* sql_type(ColumnType type) {
    switch (type) {
        case ColumnType::integer:
            return "bigint";
        case ColumnType::boolean:
            return "boolean";
        case ColumnType::text:
            return "text";
        case ColumnType::uuid:
            return "uuid";
        case ColumnType::bytes:
            return "bytea";
    }
    return "";
}

/// As the type's input function takes it.
std::optional<std::string> literal(const CopiedValue& value, ColumnType type) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return std::nullopt;
    if (type == ColumnType::uuid) return hex(*text);
    if (type == ColumnType::bytes) return "\\x" + hex(*text);
    return *text;
}

CopiedValue read_value(const Row& row, int index, ColumnType type) {
    if (row.is_null(index)) return std::monostate();
    if (type == ColumnType::integer) return row.int64(index);
    if (type == ColumnType::boolean) return std::int64_t{row.boolean(index)};
    return row.text(index);
}

/// `$1::uuid, $2::bigint` with `suffix` after each type, of the first `count` columns.
std::string typed_parameters(const Table& table, std::size_t count, const std::string& suffix) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
        list.append(i > 0 ? ", $" : "$").append(std::to_string(i + 1));
        list.append("::text").append(suffix);
        list.append("::").append(sql_type(table.columns[i].type)).append(suffix);
    }
    return list;
}

std::string insert_of(const Table& table) {
    const std::string columns = column_list(table, table.columns.size());
    std::string sql = "INSERT INTO " + std::string(table.name) + " (" + columns + ") SELECT " +
                      columns + " FROM unnest(" +
                      typed_parameters(table, table.columns.size(), "[]") + ") AS copied (" +
                      columns + ") ON CONFLICT (" + column_list(table, table.key_columns) + ") DO ";
    if (!table.has_row_from_start) return sql + "NOTHING";
    sql += "UPDATE SET ";
    for (std::size_t i = table.key_columns; i < table.columns.size(); ++i)
        sql += std::string(i > table.key_columns ? ", " : "") + table.columns[i].name +
               " = excluded." + table.columns[i].name;
    return sql;
}

PostgresSettings settings_of(const Secret& conninfo) {
    PostgresSettings settings;
    settings.conninfo = conninfo.copy();
    // The statements are made here, so none has a name; a batch of a large table takes its time.
    settings.prepared = false;
    settings.operation_timeout = std::chrono::minutes(2);
    return settings;
}

class PostgresTarget final : public CopyTarget {
  public:
    explicit PostgresTarget(const Secret& conninfo) : db_(settings_of(conninfo)) {}

    State begin(const std::string& source) override {
        run(kNoteTable.text, {});
        const Rows noted = run(kBegin.text, Params(source));
        if (noted.empty())
            throw std::runtime_error(
                "the target holds users already; copy into a database of its own");
        if (noted[0].text(0) != source)
            throw std::runtime_error("the target has a copy of " + noted[0].text(0) +
                                     "; copy into a database of its own");
        if (noted[0].boolean(1)) return State::finished;
        return noted[0].boolean(2) ? State::empty : State::begun;
    }

    std::int64_t count(const Table& table) override {
        return run("SELECT count(*) FROM " + std::string(table.name), {})[0].int64(0);
    }

    std::vector<CopiedRow> read(const Table& table, const CopiedRow& after, int limit) override {
        const std::string keys = column_list(table, table.key_columns);
        std::string where;
        Params params;
        if (!after.empty()) {
            where =
                " WHERE (" + keys + ") > (" + typed_parameters(table, table.key_columns, "") + ")";
            for (std::size_t i = 0; i < table.key_columns; ++i)
                params.add(literal(after[i], table.columns[i].type));
        }
        return rows_of(table, where + " ORDER BY " + keys + " LIMIT " + std::to_string(limit),
                       std::move(params));
    }

    CopiedRow last_key(const Table& table) override {
        std::string order;
        for (std::size_t i = 0; i < table.key_columns; ++i)
            order += std::string(i > 0 ? ", " : "") + table.columns[i].name + " DESC";
        std::vector<CopiedRow> rows = rows_of(table, " ORDER BY " + order + " LIMIT 1", {});
        return rows.empty() ? CopiedRow() : std::move(rows.front());
    }

    void write(const Table& table, const std::vector<CopiedRow>& rows) override {
        Params params;
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            std::vector<std::optional<std::string>> column;
            column.reserve(rows.size());
            for (const CopiedRow& row : rows)
                column.push_back(literal(row[i], table.columns[i].type));
            params.add(column);
        }
        run(insert_of(table), std::move(params));
    }

    void finish() override {
        run(kRaiseSequence.text, {});
        run(kFinish.text, {});
    }

  private:
    std::vector<CopiedRow> rows_of(const Table& table, const std::string& rest, Params params) {
        const Rows found =
            run("SELECT " + column_list(table, table.columns.size()) + " FROM " + table.name + rest,
                std::move(params));
        std::vector<CopiedRow> rows;
        for (int i = 0; i < found.size(); ++i) {
            CopiedRow row;
            for (std::size_t column = 0; column < table.columns.size(); ++column)
                row.push_back(
                    read_value(found[i], static_cast<int>(column), table.columns[column].type));
            rows.push_back(std::move(row));
        }
        return rows;
    }

    Rows run(const std::string& sql, Params params) {
        // Every statement of a copy may be run twice.
        const Statement statement{"copy", sql.c_str(), postgres::Repeat::safe};
        return block_on(db_.run(statement, std::move(params)));
    }

    postgres::Database db_;
};

}  // namespace

void require_finished_copy(const Secret& conninfo) {
    postgres::Database db(settings_of(conninfo));
    if (!block_on(db.run(kIsNoted, Params()))[0].boolean(0)) return;
    const Rows unfinished = block_on(db.run(kUnfinished, Params()));
    if (unfinished.empty()) return;
    throw std::runtime_error("the copy from " + unfinished[0].text(0) +
                             " is not finished; give the same userd migrate --from --to again");
}

std::unique_ptr<CopyTarget> make_postgres_target(const Secret& conninfo) {
    return std::make_unique<PostgresTarget>(conninfo);
}

}  // namespace userd
