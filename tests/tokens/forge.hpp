#pragma once

#include <string>
#include <string_view>

#include "base/base64url.hpp"
#include "tokens/keys.hpp"

namespace userd {

/// Two segments as they are, with a signature of `key` over them.
inline std::string sign_segments(const Key& key, std::string_view header,
                                 std::string_view payload) {
    std::string token(header);
    token.append(".").append(payload);
    const std::string signature = key.sign(token);
    return token + "." + base64url_encode(signature);
}

/// A token of any header and payload whose signature is right.
inline std::string forge(const Key& key, std::string_view header, std::string_view payload) {
    return sign_segments(key, base64url_encode(header), base64url_encode(payload));
}

/// The header of our own access tokens. `more` goes before its last brace.
inline std::string header_of(const Key& key, std::string_view more = {}) {
    std::string header = R"({"alg":")" + std::string(name_of(key.algorithm())) +
                         R"(","typ":"at+jwt","kid":")" + key.id() + '"';
    return header.append(more).append("}");
}

}  // namespace userd
