#pragma once

#include <filesystem>
#include <memory>

#include "store/copy/copy.hpp"

namespace userd {

/// Owns the database while it lives, and brings its schema up to date first. The errors of
/// make_sqlite_store; std::runtime_error too when there is no such file.
[[nodiscard]] std::unique_ptr<CopySource> make_sqlite_source(const std::filesystem::path& path);

}  // namespace userd
