#include "base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "base/base64url.hpp"
#include "base/random.hpp"

namespace userd {
namespace {

constexpr std::size_t kMaxKeyFile = 1 << 16;

class File {
  public:
    File(const std::filesystem::path& path, int flags, mode_t mode = 0)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const noexcept { return descriptor_; }

  private:
    int descriptor_;
};

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
    const int error = errno;
    throw std::runtime_error(what + " " + path.string() + ": " +
                             std::generic_category().message(error));
}

std::string read_all(const File& file, const std::filesystem::path& path, std::size_t limit) {
    std::string content;
    std::array<char, 16384> chunk{};
    for (;;) {
        const ssize_t size = ::read(file.get(), chunk.data(), chunk.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) fail("cannot read", path);
        if (size == 0) return content;
        content.append(chunk.data(), static_cast<std::size_t>(size));
        if (content.size() > limit)
            throw std::runtime_error("cannot read " + path.string() + ": larger than " +
                                     std::to_string(limit) + " bytes");
    }
}

mode_t mode_of(const File& file, const std::filesystem::path& path) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail("cannot inspect", path);
    return status.st_mode;
}

void write_all(const File& file, std::string_view content, const std::filesystem::path& path) {
    while (!content.empty()) {
        const ssize_t size = ::write(file.get(), content.data(), content.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) fail("cannot write", path);
        content.remove_prefix(static_cast<std::size_t>(size));
    }
    if (::fsync(file.get()) != 0) fail("cannot sync", path);
}

}  // namespace

std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
    const File file(path, O_RDONLY);
    if (file.get() < 0) {
        if (errno == ENOENT) return std::nullopt;
        fail("cannot open", path);
    }
    return read_all(file, path, limit);
}

std::optional<Secret> read_private_file(const std::filesystem::path& path) {
    const File file(path, O_RDONLY);
    if (file.get() < 0) {
        if (errno == ENOENT) return std::nullopt;
        fail("cannot open", path);
    }
    if ((mode_of(file, path) & 077) != 0)
        throw std::runtime_error("key file " + path.string() +
                                 " is open to other users; run: chmod 600 " + path.string());
    return Secret(read_all(file, path, kMaxKeyFile));
}

std::optional<DeployedKey> read_deployed_key(const std::filesystem::path& path) {
    const File file(path, O_RDONLY);
    if (file.get() < 0) {
        if (errno == ENOENT) return std::nullopt;
        fail("cannot open", path);
    }
    const mode_t mode = mode_of(file, path);
    if ((mode & 022) != 0)
        throw std::runtime_error("key file " + path.string() +
                                 " may be written by other users; run: chmod go-w " +
                                 path.string());
    return DeployedKey{Secret(read_all(file, path, kMaxKeyFile)), (mode & 04) != 0};
}

bool create_private_file(const std::filesystem::path& path, const Secret& content) {
    const std::filesystem::path temporary =
        path.string() + "." + base64url_encode(random_bytes(9)) + ".tmp";
    {
        const File file(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (file.get() < 0) fail("cannot create", temporary);
        write_all(file, content.reveal(), temporary);
    }
    // link(2) fails if the name exists, so exactly one of several creators wins.
    const int linked = ::link(temporary.c_str(), path.c_str());
    const int error = errno;
    ::unlink(temporary.c_str());
    errno = error;
    if (linked != 0) {
        if (error == EEXIST) return false;
        fail("cannot create", path);
    }
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    const File directory(folder, O_RDONLY | O_DIRECTORY);
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) fail("cannot sync", folder);
    return true;
}

}  // namespace userd
