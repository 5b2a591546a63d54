// A token, or, when there is a line feed in the input, HEADER\nPAYLOAD, which is signed with the
// right key first: what an attacker could make who got the key to sign for him.
#include "tokens/jwt.hpp"

#include <boost/json.hpp>

#include "base/base64url.hpp"
#include "require.hpp"

namespace {

using namespace userd;
using fuzz::require;

constexpr const char* kTyp = "at+jwt";

/// Beside another that nothing here is signed with: a token that names that one must be refused.
const KeyList& keys() {
    static const auto other =
        Key::from_secret(Secret(std::string_view("another key of more than thirty-two bytes")));
    static const auto named =
        Key::from_secret(Secret(std::string_view("fuzzing key of more than thirty-two bytes")));
    static const KeyList both = {other, named};
    return both;
}

const Key& key() {
    return *keys().back();
}

std::string signed_token(std::string_view header, std::string_view payload) {
    std::string token = base64url_encode(header) + "." + base64url_encode(payload);
    const std::string signature = key().sign(token);
    return token + "." + base64url_encode(signature);
}

/// Each part is the one spelling of its bytes, and the signature is the key's.
void check_spelling(std::string_view token) {
    const std::size_t first = token.find('.');
    const std::size_t second = token.rfind('.');
    require(first < second, "two dots at least");
    const auto header = base64url_decode(token.substr(0, first));
    const auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
    require(header && payload, "parts are base64url");
    require(token == signed_token(*header, *payload), "an accepted token re-encodes to itself");
}

void check_header(std::string_view header) {
    const boost::json::value value = boost::json::parse(header);
    const boost::json::object& object = value.as_object();
    require(object.size() == 3, "no member but alg, typ, kid");
    require(object.at("alg").as_string() == name_of(key().algorithm()), "alg is the key's");
    require(object.at("typ").as_string() == kTyp, "typ is the wanted one");
    require(object.at("kid").as_string() == key().id(), "kid is the key's");
}

void check_damage(std::string token) {
    for (const std::size_t at : {std::size_t{0}, token.size() / 2, token.size() - 1}) {
        const char kept = token[at];
        token[at] = kept == 'A' ? 'B' : 'A';
        require(!decode_jwt(keys(), kTyp, token), "no character of a token may change");
        token[at] = kept;
    }
}

void check_accepted(const std::string& token, const boost::json::object& payload) {
    require(token.size() <= kMaxTokenSize, "within the size limit");
    for (const auto& member : payload)
        require(member.value().is_string() || member.value().is_int64() || member.value().is_bool(),
                "payloads are flat");
    check_spelling(token);
    check_damage(token);
    require(!decode_jwt(keys(), "rt+jwt", token), "a token is of one kind");
}

void sign_and_decode(std::string_view header, std::string_view payload) {
    const std::string token = signed_token(header, payload);
    if (const auto object = decode_jwt(keys(), kTyp, token)) {
        check_header(header);
        check_accepted(token, *object);
        require(boost::json::parse(payload) == boost::json::value(*object),
                "the payload as signed");
    }
    const std::string made = encode_jwt(key(), kTyp, payload);
    if (const auto object = decode_jwt(keys(), kTyp, made)) check_accepted(made, *object);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    const std::size_t line_feed = input.find('\n');
    if (line_feed != std::string::npos)
        sign_and_decode(std::string_view(input).substr(0, line_feed),
                        std::string_view(input).substr(line_feed + 1));
    else if (const auto object = decode_jwt(keys(), kTyp, input))
        check_accepted(input, *object);
    return 0;
}
