#pragma once

#include <filesystem>
#include <memory>

#include "app/settings.hpp"
#include "tokens/keys.hpp"

namespace userd {

struct ServiceKeys {
    std::shared_ptr<const Key> access;   ///< signs access tokens
    std::shared_ptr<const Key> refresh;  ///< HS256, derived from the master key
    Secret counters;                     ///< names the counters of attempts; derived likewise
};

/// Reads the keys of the settings, and on first start makes what is missing beside the database:
/// `<database>.master-key` and `<database>.signing-<algorithm>.pem`, both with mode 0600.
/// std::runtime_error with path and reason.
[[nodiscard]] ServiceKeys load_keys(const Settings& settings);

}  // namespace userd
