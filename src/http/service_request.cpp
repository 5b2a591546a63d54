#include "http/service_request.hpp"

#include <sodium.h>

#include <boost/json.hpp>

#include "base/text.hpp"
#include "http/form.hpp"

namespace userd::http {
namespace {

using Form = std::map<std::string, std::string>;

Response oauth_error(unsigned status, std::string_view error, std::string_view description) {
    Response response;
    response.status = status;
    response.body = boost::json::serialize(
        boost::json::object{{"error", error}, {"error_description", description}});
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

Response invalid_request(std::string_view description) {
    return oauth_error(400, "invalid_request", description);
}

struct Credentials {
    std::string id;
    Secret secret;
};

/// RFC 7617; nothing unless it is well-formed. Names and secrets need no percent-encoding.
std::optional<Credentials> basic_credentials(std::string_view authorization) {
    constexpr std::string_view kScheme = "basic ";
    if (compared_form(authorization.substr(0, kScheme.size())) != kScheme) return std::nullopt;
    const std::string_view encoded = authorization.substr(kScheme.size());
    std::string decoded(encoded.size(), '\0');
    std::size_t size = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(decoded.data()), decoded.size(),
                          encoded.data(), encoded.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return std::nullopt;
    decoded.resize(size);
    const std::size_t colon = decoded.find(':');
    if (colon == std::string::npos) return std::nullopt;
    Credentials credentials{decoded.substr(0, colon), Secret(decoded.substr(colon + 1))};
    wipe(decoded);
    return credentials;
}

std::string take(Form& form, const char* name) {
    const auto entry = form.find(name);
    return entry == form.end() ? std::string() : std::move(entry->second);
}

}  // namespace

Response invalid_client() {
    Response response =
        oauth_error(401, "invalid_client", "The service is unknown, revoked, or its secret wrong");
    response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"userd\"");
    return response;
}

std::variant<ServiceRequest, Response> parse_service_request(const Request& request) {
    if (media_type(request.content_type) != kFormType)
        return invalid_request("The body must be application/x-www-form-urlencoded");
    auto form = parse_form(request.body.reveal());
    if (!form) return invalid_request("The form is malformed, or repeats a parameter");
    ServiceRequest asked;
    const bool is_in_form = form->contains("client_id") || form->contains("client_secret");
    if (!request.authorization.empty()) {
        if (is_in_form) return invalid_request("Credentials are given twice");
        auto credentials = basic_credentials(request.authorization);
        if (!credentials) return invalid_client();
        asked.client_id = std::move(credentials->id);
        asked.client_secret = std::move(credentials->secret);
    } else {
        asked.client_id = take(*form, "client_id");
        asked.client_secret = Secret(take(*form, "client_secret"));
    }
    if (asked.client_id.empty()) return invalid_client();
    asked.token = Secret(take(*form, "token"));
    if (asked.token.empty()) return invalid_request("The parameter token is missing");
    return asked;
}

}  // namespace userd::http
