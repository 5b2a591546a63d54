#pragma once

#include <atomic>
#include <memory>

#include "accounts/key_keeper.hpp"
#include "app/settings.hpp"
#include "store/store.hpp"
#include "tokens/tokens.hpp"

namespace userd {

/// The key keeper of the settings. On first start with SQLite the master key is made beside the
/// database, as `<database>.master-key` with mode 0600, unless one is set. std::runtime_error with
/// path and reason.
[[nodiscard]] std::unique_ptr<KeyKeeper> make_key_keeper(const Settings& settings, Store& store);

/// The key that version 0.1 kept in `<database>.signing-<algorithm>.pem` beside SQLite's file,
/// which the ring takes over; a fresh one where there is no such file. std::runtime_error with path
/// and reason.
[[nodiscard]] KeyPointer first_signing_key(const Settings& settings);

/// Tokens that follow the keeper's keys from when it loads them.
[[nodiscard]] std::unique_ptr<Tokens> make_tokens(const Settings& settings, KeyKeeper& keeper);

/// Keeps the ring on the loop it is started on until `stopping`; what goes wrong is logged once.
Task<void> keep_ring(KeyKeeper& keeper, const std::atomic<bool>& stopping);

}  // namespace userd
