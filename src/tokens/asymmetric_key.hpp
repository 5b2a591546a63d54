#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "tokens/keys.hpp"

namespace userd {

using PkeyPointer = std::shared_ptr<EVP_PKEY>;

/// A key of es256, eddsa or rs256. With a public key only, sign() throws.
/// std::invalid_argument unless the key fits the algorithm (curve P-256, Ed25519, RSA of at least
/// 2048 bits).
[[nodiscard]] std::shared_ptr<const Key> make_asymmetric_key(Algorithm algorithm, PkeyPointer key);

/// RFC 7638: the required members in lexical order, without whitespace.
[[nodiscard]] std::string thumbprint_input(Algorithm algorithm, EVP_PKEY* key);

}  // namespace userd
