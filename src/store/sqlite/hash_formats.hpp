#pragma once

#include <string>
#include <vector>

#include "store/sqlite/writer.hpp"

/// How many users have a hash of each format.
namespace userd::sqlite {

void count_hash(Write& write, const std::string& format);
void uncount_hash(Write& write, const std::string& format);
[[nodiscard]] std::vector<std::string> hash_formats(Connection& db);

/// A write that changes nothing but needs room on the disk, to see whether writing works.
void probe(Write& write);

}  // namespace userd::sqlite
