#include "tokens/keys.hpp"

#include <cstdlib>
#include <stdexcept>

#include "base/files.hpp"

namespace userd {

std::string_view name_of(Algorithm algorithm) noexcept {
    switch (algorithm) {
        case Algorithm::es256:
            return "ES256";
        case Algorithm::eddsa:
            return "EdDSA";
        case Algorithm::rs256:
            return "RS256";
        case Algorithm::hs256:
            return "HS256";
    }
    std::abort();
}

std::shared_ptr<const Key> load_or_create_key(Algorithm algorithm,
                                              const std::filesystem::path& path) {
    std::optional<Secret> pem = read_private_file(path);
    if (!pem) {
        const std::shared_ptr<const Key> made = Key::generate(algorithm);
        if (create_private_file(path, made->private_bytes())) return made;
        pem = read_private_file(path);  // another process was faster
    }
    try {
        if (pem) return Key::from_pem(algorithm, *pem);
    } catch (const std::invalid_argument& error) {
        throw std::runtime_error("signing key file " + path.string() + ": " + error.what() +
                                 "; restore it from a backup or move it away");
    }
    throw std::runtime_error("signing key file " + path.string() + " is gone again");
}

}  // namespace userd
