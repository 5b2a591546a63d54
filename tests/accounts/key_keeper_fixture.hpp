#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>

#include "accounts/key_keeper.hpp"
#include "accounts/ring_store.hpp"
#include "base/base64url.hpp"
#include "support/run_task.hpp"
#include "tokens/tokens.hpp"

namespace userd {

inline Secret master_key(char c) {
    return Secret(std::string(40, c));
}

/// One process: a keeper of its own on the common store, with tokens that follow it.
class Replica {
  public:
    Replica(RingStore& store, const KeySecrets& secrets, KeyKeeperSettings settings, Clock clock)
        : keeper(store, secrets, settings, std::move(clock)) {}

    Replica& start(KeyKeeper::FirstKey first_key = {}) {
        tokens.emplace(TokenSettings{}, run_task(keeper.load(std::move(first_key))));
        keeper.on_change([this](auto keys) {
            ++changes;
            tokens->set_keys(std::move(keys));
        });
        return *this;
    }
    void keep() { run_task(keeper.keep()); }
    [[nodiscard]] std::string token(Timestamp now) {
        return tokens->make_access(user, session, "ada", now);
    }
    [[nodiscard]] bool takes(const std::string& token, Timestamp now) {
        return tokens->check_access(token, now) != nullptr;
    }
    /// The kid of the key that would sign now.
    [[nodiscard]] std::string signer() {
        const std::string made = token(system_now());
        const auto header = base64url_decode(made.substr(0, made.find('.')));
        return std::string(std::string_view(boost::json::parse(*header).at("kid").as_string()));
    }

    KeyKeeper keeper;
    std::optional<Tokens> tokens;
    int changes = 0;
    UserId user = UserId::make(from_unix_seconds(1'800'000'000));
    SessionId session = SessionId::make(from_unix_seconds(1'800'000'000));
};

class KeyKeeperTest : public testing::Test {
  protected:
    RingStore store;
    /// Read by replicas on several threads.
    std::atomic<std::int64_t> now_seconds{1'800'000'000};
    KeyKeeperSettings settings;
    char master = 'm';
    char previous_master = '\0';
    char hs256 = 's';
    char previous_hs256 = '\0';

    [[nodiscard]] Timestamp now() const { return from_unix_seconds(now_seconds); }
    void pass(std::chrono::seconds time) { now_seconds += time.count(); }

    std::unique_ptr<Replica> replica() {
        KeySecrets secrets;
        secrets.master = master_key(master);
        if (previous_master != '\0') secrets.previous_master = master_key(previous_master);
        secrets.hs256 = master_key(hs256);
        if (previous_hs256 != '\0') secrets.previous_hs256 = master_key(previous_hs256);
        return std::make_unique<Replica>(store, secrets, settings, [this] { return now(); });
    }
    std::unique_ptr<Replica> started() {
        auto made = replica();
        made->start();
        return made;
    }
    [[nodiscard]] StoredKeys in_state(KeyState state) const {
        StoredKeys keys = store.ring().keys;
        std::erase_if(keys, [state](const StoredKey& key) { return key.state != state; });
        return keys;
    }
    [[nodiscard]] std::string active() const {
        const StoredKeys keys = in_state(KeyState::active);
        return keys.size() == 1 ? keys.front().id : std::to_string(keys.size()) + " active keys";
    }
    /// What a start complains about, or nothing.
    std::string refusal_to_start() {
        try {
            started();
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return {};
    }
};

}  // namespace userd
