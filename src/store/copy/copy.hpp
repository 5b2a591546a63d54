#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/copy/tables.hpp"

namespace userd {

/// A database that is read table by table, in the order of each primary key. Blocking; throws
/// std::runtime_error with one line.
class CopySource {
  public:
    virtual ~CopySource() = default;
    virtual std::int64_t count(const Table& table) = 0;
    /// At most `limit` rows whose key comes after `after`, all columns; from the start when `after`
    /// is empty. A row may be given as `after`.
    virtual std::vector<CopiedRow> read(const Table& table, const CopiedRow& after, int limit) = 0;
};

/// One that is written to as well; it can be read to see how far it came.
class CopyTarget : public CopySource {
  public:
    enum class State { empty, begun, finished };
    /// Of a copy from the source of that name; notes it when it begins. std::runtime_error when the
    /// database holds users that do not come from it.
    virtual State begin(const std::string& source) = 0;
    /// Rows that are there already stay as they are, but for Table::has_row_from_start.
    virtual void write(const Table& table, const std::vector<CopiedRow>& rows) = 0;
    /// The key of the last row, or empty.
    virtual CopiedRow last_key(const Table& table) = 0;
    /// Ready to be used.
    virtual void finish() = 0;
};

struct CopyProgress {
    const char* table;
    std::int64_t done;
    std::int64_t total;
    bool is_verifying;
};

struct CopiedTable {
    const char* table;
    std::int64_t rows;
    std::string checksum;  ///< hexadecimal SHA-256 of all rows
};

/// Copies what is missing, then reads both sides and compares count and checksum of every table;
/// std::runtime_error names the table that differs. May be called again after any failure, and goes
/// on from where it ended. The source must not change meanwhile.
std::vector<CopiedTable> copy_all(CopySource& source, const std::string& source_name,
                                  CopyTarget& target,
                                  const std::function<void(const CopyProgress&)>& progress);

}  // namespace userd
