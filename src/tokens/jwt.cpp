#include "tokens/jwt.hpp"

#include <array>

#include "base/base64url.hpp"
#include "tokens/strict_object.hpp"

namespace userd {
namespace {

struct Parts {
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
    std::string_view signed_input;
};

std::optional<Parts> split(std::string_view token) {
    if (token.size() > kMaxTokenSize) return std::nullopt;
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                 token.substr(second + 1), token.substr(0, second)};
}

std::optional<std::string_view> text_of(const boost::json::object& object, std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string_view(value->get_string());
}

/// As it stands in the tokens that are made here.
std::string encoded_header(const Key& key, std::string_view typ) {
    std::string json = R"({"alg":")";
    json += name_of(key.algorithm());
    json += R"(","typ":")";
    json += typ;
    json += R"(","kid":")";
    json += key.id();
    json += R"("})";
    return base64url_encode(json);
}

/// The key that the header names, if alg, typ and kid are each exactly as the key and the caller
/// want them, and there is nothing else.
const Key* key_of(std::string_view encoded, const KeyList& keys, std::string_view typ) {
    // Nearly every header is one of ours, letter by letter.
    for (const KeyPointer& key : keys)
        if (encoded == encoded_header(*key, typ)) return key.get();
    const auto json = base64url_decode(encoded);
    if (!json) return nullptr;
    const auto header = parse_strict_object(*json);
    if (!header || header->size() != 3 || text_of(*header, "typ") != typ) return nullptr;
    const auto kid = text_of(*header, "kid");
    const Key* key = kid ? find_key(keys, *kid) : nullptr;
    if (key == nullptr || text_of(*header, "alg") != name_of(key->algorithm())) return nullptr;
    return key;
}

}  // namespace

std::string encode_jwt(const Key& key, std::string_view typ, std::string_view payload_json) {
    std::string token = encoded_header(key, typ);
    token += '.';
    token += base64url_encode(payload_json);
    const std::string signature = key.sign(token);
    token += '.';
    token += base64url_encode(signature);
    return token;
}

std::optional<boost::json::object> decode_jwt(const KeyList& keys, std::string_view typ,
                                              std::string_view token) {
    const auto parts = split(token);
    if (!parts) return std::nullopt;
    const Key* key = key_of(parts->header, keys, typ);
    if (key == nullptr) return std::nullopt;
    const auto signature = base64url_decode(parts->signature);
    if (!signature || !key->verify(parts->signed_input, *signature)) return std::nullopt;
    const auto payload = base64url_decode(parts->payload);
    if (!payload) return std::nullopt;
    return parse_strict_object(*payload);
}

}  // namespace userd
