#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace userd::sqlite {

/// Bytes that are bound as they are, not as text.
struct Blob {
    std::string_view bytes;
};

/// A prepared statement in use. It is reset when this goes, so that no read transaction stays open.
/// Bound text and ids are not copied: they must outlive it.
class Statement {
  public:
    template <class... Args>
    Statement(sqlite3_stmt* statement, const std::filesystem::path& path, Args&&... args)
        : statement_(statement), path_(path) {
        static_assert((is_bindable<Args> && ...),
                      "text and ids must be named: they are not copied");
        int index = 0;
        (bind(++index, args), ...);
    }
    ~Statement() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// Whether there is a (further) row. Throws as throw_error.
    bool step();
    void run_to_end();

    [[nodiscard]] bool is_null(int column) const {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }
    [[nodiscard]] std::int64_t int64(int column) const {
        return sqlite3_column_int64(statement_, column);
    }
    [[nodiscard]] bool boolean(int column) const { return int64(column) != 0; }
    [[nodiscard]] Timestamp time(int column) const { return from_unix_millis(int64(column)); }
    [[nodiscard]] std::optional<Timestamp> optional_time(int column) const {
        if (is_null(column)) return std::nullopt;
        return time(column);
    }
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::string blob(int column) const;
    /// StoreUnavailable if the column does not hold 16 bytes.
    [[nodiscard]] Uuid uuid(int column) const;
    template <class IdType>
    [[nodiscard]] IdType id(int column) const {
        return IdType(uuid(column));
    }

    void bind(int index, std::nullptr_t);
    void bind(int index, std::int64_t value);
    void bind(int index, int value) { bind(index, std::int64_t{value}); }
    void bind(int index, bool value) { bind(index, std::int64_t{value}); }
    void bind(int index, Timestamp value) { bind(index, unix_millis(value)); }
    void bind(int index, std::optional<Timestamp> value);
    void bind(int index, std::string_view value);
    void bind(int index, Blob value);
    void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
    void bind(int index, const Uuid& value);
    template <class Tag>
    void bind(int index, const std::optional<Id<Tag>>& value) {
        if (value)
            bind(index, static_cast<const Uuid&>(*value));
        else
            bind(index, nullptr);
    }

  private:
    template <class Arg>
    static constexpr bool is_bindable =
        std::is_lvalue_reference_v<Arg> || std::is_arithmetic_v<Arg> ||
        std::is_same_v<Arg, Timestamp> || std::is_same_v<Arg, std::nullptr_t> ||
        std::is_same_v<Arg, std::string_view> || std::is_same_v<Arg, Blob> ||
        std::is_same_v<Arg, std::optional<Timestamp>>;

    void check(int code) const;

    sqlite3_stmt* statement_;
    const std::filesystem::path& path_;
};

}  // namespace userd::sqlite
