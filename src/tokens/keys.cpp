#include "tokens/keys.hpp"

#include <cstdlib>

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

std::optional<Algorithm> algorithm_named(std::string_view name) noexcept {
    for (const Algorithm algorithm :
         {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256, Algorithm::hs256})
        if (name == name_of(algorithm)) return algorithm;
    return std::nullopt;
}

}  // namespace userd
