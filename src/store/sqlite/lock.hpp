#pragma once

#include <filesystem>

namespace userd::sqlite {

/// The path under which every process knows the database: absolute, links resolved. The file need
/// not exist. std::runtime_error if its folder cannot be looked into.
[[nodiscard]] std::filesystem::path resolve(const std::filesystem::path& path);

/// Ownership of a database: flock on the file `<db>.lock` beside it, held until destroyed. The file
/// stays, since removing it would let two processes lock two files of one name.
class FileLock {
  public:
    /// `database` as resolve() gives it. std::runtime_error with one line when another process owns
    /// it or the lock file cannot be made.
    explicit FileLock(const std::filesystem::path& database);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

    [[nodiscard]] static bool is_held(const std::filesystem::path& database);

  private:
    int file_;
};

}  // namespace userd::sqlite
