#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/secret.hpp"
#include "store/store.hpp"

namespace userd {

/// 1 to 64 characters of `[A-Za-z0-9._-]`: a client_id that needs no encoding anywhere.
[[nodiscard]] bool is_service_name(std::string_view name) noexcept;

/// Adds a service and gives its new secret, which is stored only as a hash. Nothing when there is
/// or was a service of that name.
Task<std::optional<Secret>> add_service(Store& store, std::string name);

/// Whether that is the secret of a service that is not revoked.
Task<bool> check_service(Store& store, std::string name, Secret secret);

}  // namespace userd
