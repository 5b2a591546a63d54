#include "app/keys.hpp"

#include "base/base64url.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

namespace userd {
namespace {

constexpr std::size_t kMasterKeyBytes = 32;

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

std::shared_ptr<const Key> load_access_key(const Settings& settings) {
    if (settings.jwt_algorithm == Algorithm::hs256) return Key::from_secret(settings.secret_key);
    const std::filesystem::path path = settings.database.string() + ".signing-" +
                                       std::string(name_of(settings.jwt_algorithm)) + ".pem";
    return load_or_create_key(settings.jwt_algorithm, path);
}

}  // namespace

ServiceKeys load_keys(const Settings& settings) {
    const Secret master =
        settings.master_key.empty()
            ? load_or_create_master_key(settings.database.string() + ".master-key")
            : settings.master_key.copy();
    ServiceKeys keys;
    keys.access = load_access_key(settings);
    keys.refresh = Key::from_secret(derive_key(master, "refresh tokens"));
    keys.counters = derive_key(master, "attempt counters");
    return keys;
}

}  // namespace userd
