#include "store/sqlite/hash_formats.hpp"

namespace userd::sqlite {
namespace {

constexpr char kCount[] = R"(
    INSERT INTO hash_formats (format, users) VALUES (?1, 1)
    ON CONFLICT (format) DO UPDATE SET users = users + 1)";

constexpr char kUncount[] = "UPDATE hash_formats SET users = users - 1 WHERE format = ?1";

constexpr char kForget[] = "DELETE FROM hash_formats WHERE format = ?1 AND users = 0";

constexpr char kAll[] = "SELECT format FROM hash_formats WHERE users > 0 ORDER BY format";

constexpr char kProbe[] = "INSERT INTO hash_formats (format, users) VALUES (?1, 0)";

}  // namespace

void count_hash(Write& write, const std::string& format) {
    write.db.execute(kCount, format);
}

void uncount_hash(Write& write, const std::string& format) {
    write.db.execute(kUncount, format);
    write.db.execute(kForget, format);
}

std::vector<std::string> hash_formats(Connection& db) {
    std::vector<std::string> formats;
    Statement row = db.query(kAll);
    while (row.step())
        formats.push_back(row.text(0));
    return formats;
}

void probe(Write& write) {
    // No hash has this format.
    const std::string format = "(probe)";
    write.db.execute(kProbe, format);
    write.db.execute(kForget, format);
}

}  // namespace userd::sqlite
