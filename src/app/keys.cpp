#include "app/keys.hpp"

#include <boost/asio.hpp>

#include "base/base64url.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

namespace userd {
namespace {

constexpr std::size_t kMasterKeyBytes = 32;
constexpr std::chrono::seconds kLookEvery{2};

Secret load_or_create_master_key(const std::filesystem::path& path) {
    if (auto found = read_private_file(path)) {
        if (found->size() < kMasterKeyBytes)
            throw std::runtime_error("master key file " + path.string() +
                                     " is too short; restore it from a backup");
        return *std::move(found);
    }
    Secret made(base64url_encode(random_bytes(kMasterKeyBytes)));
    if (!create_private_file(path, made)) return load_or_create_master_key(path);
    log::info("made a master key; back it up as a secret", {{"file", path.string()}});
    return made;
}

KeySecrets secrets_of(const Settings& settings) {
    KeySecrets secrets;
    const auto* sqlite = std::get_if<SqliteLocation>(&settings.database);
    secrets.master = settings.master_key.empty() && sqlite != nullptr
                         ? load_or_create_master_key(sqlite->file.string() + ".master-key")
                         : settings.master_key.copy();
    secrets.previous_master = settings.master_key_previous.copy();
    if (secrets.master.reveal() == secrets.previous_master.reveal())
        throw std::runtime_error("MASTER_KEY_PREVIOUS is the same as the master key");
    secrets.hs256 = settings.secret_key.copy();
    secrets.previous_hs256 = settings.secret_key_previous.copy();
    return secrets;
}

}  // namespace

std::unique_ptr<KeyKeeper> make_key_keeper(const Settings& settings, Store& store) {
    KeyKeeperSettings keeper;
    keeper.algorithm = settings.jwt_algorithm;
    keeper.period = settings.key_rotation;
    keeper.lead = settings.key_publish;
    keeper.access_lifetime = settings.expiry_time;
    return std::make_unique<KeyKeeper>(store, secrets_of(settings), keeper);
}

KeyPointer first_signing_key(const Settings& settings) {
    const auto* sqlite = std::get_if<SqliteLocation>(&settings.database);
    if (sqlite == nullptr) return Key::generate(settings.jwt_algorithm);
    const std::filesystem::path path =
        sqlite->file.string() + ".signing-" + std::string(name_of(settings.jwt_algorithm)) + ".pem";
    const std::optional<Secret> pem = read_private_file(path);
    if (!pem) return Key::generate(settings.jwt_algorithm);
    try {
        KeyPointer key = Key::from_pem(settings.jwt_algorithm, *pem);
        log::warning(
            "signing key taken into the key ring; the file is not read any more: delete it",
            {{"file", path.string()}, {"kid", key->id()}});
        return key;
    } catch (const std::invalid_argument& error) {
        throw std::runtime_error("signing key file " + path.string() + ": " + error.what() +
                                 "; restore it from a backup or move it away");
    }
}

std::unique_ptr<Tokens> make_tokens(const Settings& settings, KeyKeeper& keeper) {
    TokenSettings tokens;
    tokens.issuer = settings.token_issuer;
    tokens.audience = settings.token_audience;
    tokens.access_lifetime = settings.expiry_time;
    // A verifier that keeps the JWKS for that long still has a key before it signs.
    tokens.jwks_max_age = std::min(tokens.jwks_max_age, settings.key_publish);
    auto made = std::make_unique<Tokens>(std::move(tokens));
    keeper.on_change([&made = *made](auto changed) { made.set_keys(std::move(changed)); });
    return made;
}

Task<void> keep_ring(KeyKeeper& keeper, const std::atomic<bool>& stopping) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    std::string trouble;
    while (!stopping) {
        std::string found;
        try {
            co_await keeper.keep();
        } catch (const std::exception& error) {
            found = error.what();
        }
        if (!found.empty() && found != trouble)
            log::error("the key ring cannot be kept; the former keys serve on", {{"error", found}});
        trouble = std::move(found);
        timer.expires_after(kLookEvery);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

}  // namespace userd
