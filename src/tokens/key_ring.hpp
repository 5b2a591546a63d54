#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/keys.hpp"

namespace userd {

using KeyPointer = std::shared_ptr<const Key>;
using KeyList = std::vector<KeyPointer>;

/// What tokens are made and checked with at one time. Immutable.
class KeySet {
  public:
    struct Parts {
        KeyPointer signing;           ///< signs access tokens
        KeyList verifying;            ///< verify access tokens beside it, in the JWKS' order
        KeyPointer refresh;           ///< signs refresh tokens; HS256
        KeyPointer previous_refresh;  ///< verifies them, and repeats those it signed; or null
    };
    /// std::invalid_argument without a signing or a refresh key.
    explicit KeySet(Parts parts);

    [[nodiscard]] const Key& signing() const noexcept { return *access_.front(); }
    [[nodiscard]] const KeyList& access() const noexcept { return access_; }
    /// The current one first.
    [[nodiscard]] const KeyList& refresh() const noexcept { return refresh_; }
    /// RFC 7517 section 5: {"keys":[…]} with the public access keys.
    [[nodiscard]] const std::string& jwks() const noexcept { return jwks_; }

  private:
    KeyList access_;
    KeyList refresh_;
    std::string jwks_;
};

/// Null when none has that id.
[[nodiscard]] const Key* find_key(const KeyList& keys, std::string_view id) noexcept;

/// The key set of the moment, read by every request and exchanged a few times a year. A reader
/// takes no lock and shares no counter, except for the first read of each thread after an exchange.
class CurrentKeys {
  public:
    CurrentKeys() = default;
    explicit CurrentKeys(std::shared_ptr<const KeySet> keys) { set(std::move(keys)); }
    void set(std::shared_ptr<const KeySet> keys);
    /// StoreUnavailable before the first set(). Good until the calling thread next calls get() on
    /// any CurrentKeys: not over a co_await.
    [[nodiscard]] const KeySet& get() const;
    /// Changes with each set(), and is another one for every object. What was found out with get()
    /// holds for the edition that was current before it.
    [[nodiscard]] std::uint64_t edition() const noexcept {
        return edition_.load(std::memory_order_acquire);
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const KeySet> keys_;
    std::atomic<std::uint64_t> edition_{0};  ///< unique over all objects
};

}  // namespace userd
