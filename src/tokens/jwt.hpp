#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "tokens/key_ring.hpp"

namespace userd {

/// Longest token that is looked at, in characters.
inline constexpr std::size_t kMaxTokenSize = 4096;

/// Compact serialisation (RFC 7515 section 3.1) with the header {"alg","typ","kid"}, signed by
/// `key`. The payload is taken as it is, so equal inputs give equal tokens for HS256, EdDSA and
/// RS256.
[[nodiscard]] std::string encode_jwt(const Key& key, std::string_view typ,
                                     std::string_view payload_json);

/// Checks form, header and signature, and gives the payload; no claims are checked here. The header
/// comes first: its kid names one of `keys`, and only that key and its own alg are tried.
/// Refuses, without telling why: over kMaxTokenSize, not three canonical base64url parts, headers
/// with members other than alg, typ, kid (so crit, jku, jwk, x5u, x5c, zip …), a kid that is none
/// of the keys', an alg that is not exactly the key's, a typ that is not exactly `typ`, duplicate
/// members, a payload that is not a JSON object.
[[nodiscard]] std::optional<boost::json::object> decode_jwt(const KeyList& keys,
                                                            std::string_view typ,
                                                            std::string_view token);

}  // namespace userd
