#include "store/copy/copy.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "base/text.hpp"

namespace userd {
namespace {

constexpr int kBatch = 1000;

/// SHA-256 over rows, each value with its kind and length, so that no two sequences of rows agree
/// by accident of their borders.
class Checksum {
  public:
    Checksum() {
        if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
            throw std::runtime_error("SHA-256 does not start");
    }
    void add(const CopiedRow& row) {
        for (const CopiedValue& value : row) {
            add_number(static_cast<std::int64_t>(value.index()));
            if (const auto* number = std::get_if<std::int64_t>(&value)) add_number(*number);
            if (const auto* text = std::get_if<std::string>(&value)) {
                add_number(static_cast<std::int64_t>(text->size()));
                add_bytes(text->data(), text->size());
            }
        }
    }
    [[nodiscard]] std::string digits() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned size = 0;
        if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1)
            throw std::runtime_error("SHA-256 does not end");
        return hex({reinterpret_cast<const char*>(digest.data()), size});
    }

  private:
    void add_number(std::int64_t number) { add_bytes(&number, sizeof number); }
    void add_bytes(const void* bytes, std::size_t size) {
        if (EVP_DigestUpdate(context_.get(), bytes, size) != 1)
            throw std::runtime_error("SHA-256 does not go on");
    }

    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free};
};

using Progress = std::function<void(const CopyProgress&)>;

void copy_table(CopySource& source, CopyTarget& target, const Table& table,
                const Progress& progress) {
    const std::int64_t total = source.count(table);
    std::int64_t done = table.has_row_from_start ? 0 : target.count(table);
    CopiedRow after = table.has_row_from_start ? CopiedRow() : target.last_key(table);
    for (;;) {
        progress({table.name, done, total, false});
        const std::vector<CopiedRow> rows = source.read(table, after, kBatch);
        if (rows.empty()) return;
        target.write(table, rows);
        done += static_cast<std::int64_t>(rows.size());
        after = rows.back();
    }
}

CopiedTable sum_up(CopySource& side, const Table& table, std::int64_t total,
                   const Progress& progress) {
    CopiedTable summed{table.name, 0, ""};
    Checksum checksum;
    CopiedRow after;
    for (;;) {
        progress({table.name, summed.rows, total, true});
        const std::vector<CopiedRow> rows = side.read(table, after, kBatch);
        if (rows.empty()) break;
        for (const CopiedRow& row : rows)
            checksum.add(row);
        summed.rows += static_cast<std::int64_t>(rows.size());
        after = rows.back();
    }
    summed.checksum = checksum.digits();
    return summed;
}

}  // namespace

std::vector<CopiedTable> copy_all(CopySource& source, const std::string& source_name,
                                  CopyTarget& target, const Progress& progress) {
    if (target.begin(source_name) == CopyTarget::State::finished)
        throw std::runtime_error("the copy from " + source_name +
                                 " was finished before; the database is in use since");
    std::vector<CopiedTable> report;
    for (const Table& table : copied_tables()) {
        copy_table(source, target, table, progress);
        const std::int64_t total = source.count(table);
        CopiedTable there = sum_up(source, table, total, progress);
        const CopiedTable here = sum_up(target, table, total, progress);
        if (here.rows != there.rows || here.checksum != there.checksum)
            throw std::runtime_error("the copy of " + std::string(table.name) +
                                     " differs: " + std::to_string(there.rows) +
                                     " rows in the source, " + std::to_string(here.rows) +
                                     " in the target; empty the target and copy again");
        report.push_back(std::move(there));
    }
    target.finish();
    return report;
}

}  // namespace userd
