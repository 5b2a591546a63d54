#include "store/sqlite/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace userd::sqlite {
namespace {

std::filesystem::path lock_path(const std::filesystem::path& database) {
    return database.string() + ".lock";
}

std::string reason(int error) {
    return std::system_category().message(error);
}

int lock(int file, int operation) {
    int result = 0;
    do {
        result = ::flock(file, operation | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

/// Waits a moment, since is_held() of another process takes the lock for an instant.
int lock_patiently(int file) {
    int error = lock(file, LOCK_EX);
    for (int i = 0; i < 10 && error == EWOULDBLOCK; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        error = lock(file, LOCK_EX);
    }
    return error;
}

}  // namespace

std::filesystem::path resolve(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::path absolute = std::filesystem::absolute(path, error);
    if (!error) absolute = std::filesystem::weakly_canonical(absolute, error);
    if (error)
        throw std::runtime_error("database " + path.string() +
                                 " cannot be reached: " + error.message() + "; check DATABASE_URL");
    const std::filesystem::file_status status = std::filesystem::status(absolute, error);
    if (std::filesystem::is_directory(status))
        throw std::runtime_error("database " + absolute.string() +
                                 " is a folder; set DATABASE_URL to a file in it, such as " +
                                 (absolute / "userd.db").string());
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        throw std::runtime_error("database " + absolute.string() +
                                 " is no regular file; check DATABASE_URL");
    return absolute;
}

FileLock::FileLock(const std::filesystem::path& database) {
    const std::filesystem::path path = lock_path(database);
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file_ < 0)
        throw std::runtime_error("cannot make the lock file " + path.string() + ": " +
                                 reason(errno) +
                                 "; check that the folder exists and userd may write in it");
    const int error = lock_patiently(file_);
    if (error == 0) return;
    ::close(file_);
    if (error == EWOULDBLOCK)
        throw std::runtime_error("database " + database.string() +
                                 " is owned by another userd; end that one first (it holds " +
                                 path.string() + ")");
    throw std::runtime_error("cannot lock " + path.string() + ": " + reason(error) +
                             "; put the database on a local disk");
}

FileLock::~FileLock() {
    ::close(file_);
}

bool FileLock::is_held(const std::filesystem::path& database) {
    const int file = ::open(lock_path(database).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return false;
    // Shared, so that two who look at once do not see each other.
    const int error = lock(file, LOCK_SH);
    ::close(file);
    return error == EWOULDBLOCK;
}

}  // namespace userd::sqlite
