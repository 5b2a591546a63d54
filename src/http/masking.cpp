#include "http/masking.hpp"

#include <boost/json.hpp>

#include "base/text.hpp"

namespace userd::http {

namespace json = boost::json;

bool is_secret_name(std::string_view name) {
    const std::string lower = compared_form(name);
    for (const std::string_view part : {"password", "token", "secret"})
        if (lower.find(part) != std::string::npos) return true;
    return false;
}

json::value masked(const json::value& value) {
    if (const json::object* object = value.if_object()) {
        json::object copy;
        for (const auto& member : *object)
            copy[member.key()] =
                is_secret_name(member.key()) ? json::value(kMask) : masked(member.value());
        return copy;
    }
    if (const json::array* array = value.if_array()) {
        json::array copy;
        for (const json::value& element : *array)
            copy.push_back(masked(element));
        return copy;
    }
    return value;
}

json::value masked_without_names(const json::value& value) {
    if (value.is_string()) return kMask;
    const json::array* array = value.if_array();
    if (array == nullptr) return masked(value);
    json::array copy;
    for (const json::value& element : *array)
        copy.push_back(masked_without_names(element));
    return copy;
}

}  // namespace userd::http
