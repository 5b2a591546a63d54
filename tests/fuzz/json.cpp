// A JSON body, offered to all three endpoints; then once more with a canary in its secret members.
#include "http/json_body.hpp"

#include "request_body.hpp"

namespace {

using namespace userd;
using namespace userd::http;
using fuzz::require;

namespace json = boost::json;

/// Equal but for the last bits of doubles, which Boost.JSON does not keep.
bool same(const json::value& a, const json::value& b) {
    if (a.is_double() || b.is_double()) return a.is_number() && b.is_number();
    if (a.is_array() && b.is_array())
        return std::equal(a.get_array().begin(), a.get_array().end(), b.get_array().begin(),
                          b.get_array().end(), same);
    if (a.is_object() && b.is_object())
        return std::equal(a.get_object().begin(), a.get_object().end(), b.get_object().begin(),
                          b.get_object().end(), [](const auto& x, const auto& y) {
                              return x.key() == y.key() && same(x.value(), y.value());
                          });
    return a == b;
}

/// Against Boost's own parser, which takes repeated members and is otherwise as strict.
void check_value(std::string_view text, const json::value& value) {
    json::parse_options options;
    options.max_depth = 32;
    boost::system::error_code error;
    const json::value reference = json::parse(text, error, {}, options);
    require(!error, "Boost takes it too");
    require(same(value, reference), "and reads the same");
    const std::string again = json::serialize(value);
    const auto parsed = parse_json(again);
    require(std::holds_alternative<json::value>(parsed), "what is written is read again");
    require(same(std::get<json::value>(parsed), value), "and is the same");
}

void offer(std::string_view text) {
    const Request request = fuzz::request_of("application/json", text);
    fuzz::check_registration(parse_register(request, {}));
    fuzz::check_login(parse_login(request));
    const auto refresh = parse_refresh(request);
    if (!refresh) fuzz::check_refusal(refresh.errors());
}

void offer_with_canary(json::value value) {
    json::object* object = value.if_object();
    if (object == nullptr) return;
    json::object nested{{"Secret", fuzz::kCanary},
                        {"x", json::array{{{"newPassword", fuzz::kCanary}}}}};
    (*object)["nested"] = nested;
    (*object)["email"] = nested;
    (*object)["old_refresh_token"] = json::array{fuzz::kCanary};
    (*object)["password"] = std::string(fuzz::kCanary) + std::string(1, '\0');
    offer(json::serialize(value));
    (*object)["username"] = std::move(nested);
    object->erase("email");
    object->erase("password");
    object->erase("old_refresh_token");
    offer(json::serialize(value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.find(fuzz::kCanary) != std::string_view::npos) return -1;
    const auto parsed = parse_json(text);
    if (const auto* error = std::get_if<JsonError>(&parsed)) {
        require(!error->message.empty(), "an error has words");
        require(error->position <= text.size(), "and a place in the text");
    } else {
        require(is_valid_utf8(text), "JSON is UTF-8");
        check_value(text, std::get<json::value>(parsed));
        offer_with_canary(std::get<json::value>(parsed));
    }
    offer(text);
    return 0;
}
