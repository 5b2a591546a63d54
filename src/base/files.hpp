#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/secret.hpp"

namespace userd {

/// The whole file, or nothing when there is none. Throws std::runtime_error with the path and the
/// reason when it cannot be read or is larger than `limit` bytes.
[[nodiscard]] std::optional<std::string> read_file(const std::filesystem::path& path,
                                                   std::size_t limit = 1 << 20);

/// Reads a key file. Refuses one that other users of the machine may read or write.
[[nodiscard]] std::optional<Secret> read_private_file(const std::filesystem::path& path);

struct DeployedKey {
    Secret content;
    bool readable_by_all = false;
};

/// Reads a key that others laid down (a certificate's key): refuses one that other users may write,
/// and only reports one that every user may read. Kubernetes mounts secrets with mode 0644, and
/// packages give a group the right to read (0640); both would otherwise never start.
[[nodiscard]] std::optional<DeployedKey> read_deployed_key(const std::filesystem::path& path);

/// Writes `content` to a new file with mode 0600, durably (file and folder synced). Of several
/// processes that create it at once one wins; returns false, leaving the winner's file, for the
/// others.
bool create_private_file(const std::filesystem::path& path, const Secret& content);

}  // namespace userd
