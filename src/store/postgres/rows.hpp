#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace userd::postgres {

/// One row of a result in binary form, while its Rows live. A column that does not hold the type
/// asked for is a fault of ours: std::runtime_error.
class Row {
  public:
    Row(const PGresult* result, int row) : result_(result), row_(row) {}

    [[nodiscard]] bool is_null(int column) const { return PQgetisnull(result_, row_, column) != 0; }
    [[nodiscard]] std::int64_t int64(int column) const;  ///< of int8 and int4
    [[nodiscard]] bool boolean(int column) const;
    [[nodiscard]] Timestamp time(int column) const { return from_unix_millis(int64(column)); }
    [[nodiscard]] std::string text(int column) const { return std::string(bytes(column)); }
    [[nodiscard]] std::string blob(int column) const { return std::string(bytes(column)); }
    [[nodiscard]] std::string_view bytes(int column) const;  ///< of text and bytea; empty for NULL
    [[nodiscard]] Uuid uuid(int column) const;
    template <class IdType>
    [[nodiscard]] IdType id(int column) const {
        return IdType(uuid(column));
    }
    [[nodiscard]] std::optional<Timestamp> optional_time(int column) const {
        if (is_null(column)) return std::nullopt;
        return time(column);
    }

  private:
    const PGresult* result_;
    int row_;
};

/// What a statement gave.
class Rows {
  public:
    Rows() = default;  ///< none
    explicit Rows(PGresult* result) : result_(result) {}

    [[nodiscard]] int size() const noexcept { return PQntuples(result_.get()); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] Row operator[](int row) const { return {result_.get(), row}; }
    /// What `read` makes of each row, in their order.
    template <class Read>
    [[nodiscard]] auto each(const Read& read) const {
        std::vector<std::invoke_result_t<const Read&, const Row&>> values;
        values.reserve(static_cast<std::size_t>(size()));
        for (int row = 0; row < size(); ++row)
            values.push_back(read((*this)[row]));
        return values;
    }
    /// Rows that an INSERT, UPDATE or DELETE without RETURNING touched.
    [[nodiscard]] std::int64_t affected() const;

  private:
    struct Clear {
        void operator()(PGresult* result) const noexcept { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

}  // namespace userd::postgres
