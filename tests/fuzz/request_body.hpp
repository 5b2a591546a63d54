#pragma once

#include <boost/json.hpp>
#include <string>

#include "base/text.hpp"
#include "http/registration_rules.hpp"
#include "http/validation.hpp"
#include "require.hpp"

namespace userd::fuzz {

inline constexpr std::string_view kCanary = "C4nary-in-a-c0al-mine";

inline http::Request request_of(std::string_view content_type, std::string_view body) {
    http::Request request;
    request.method = http::Method::post;
    request.content_type = content_type;
    request.body = Secret(body);
    return request;
}

/// A 422 is well-formed and tells no secret: the canary stands in secret members only.
inline void check_refusal(const http::FieldErrors& errors) {
    require(!errors.empty(), "a refusal has a reason");
    const http::Response response = http::unprocessable(errors);
    require(response.status == 422, "422");
    require(response.body.find(kCanary) == std::string::npos, "no secret is echoed");
    boost::json::parse_options options;
    options.max_depth = 64;  // the input's own 32 levels lie deeper here
    const boost::json::value parsed = boost::json::parse(response.body, {}, options);
    for (const boost::json::value& error : parsed.at("detail").as_array()) {
        require(!error.at("type").as_string().empty(), "each has a type");
        require(error.at("loc").at(0) == "body", "each has a location");
        require(!error.at("msg").as_string().empty(), "each has a message");
    }
}

inline void check_login(http::Parsed<http::LoginForm> form) {
    if (!form) return check_refusal(form.errors());
    require(form->username.size() <= 254, "login names are bounded");
    require(form->password.size() <= kMaxPasswordBytes, "passwords are bounded");
    require(form->username.find('\0') == std::string::npos, "no NUL in names");
    require(form->password.reveal().find('\0') == std::string_view::npos, "no NUL in passwords");
}

inline void check_registration(http::Parsed<http::RegisterForm> form) {
    if (!form) return check_refusal(form.errors());
    require(!http::check_new_username(form->username), "names keep the rules");
    require(form->username.find('@') == std::string::npos, "no name looks like an e-mail");
    require(!http::check_new_email(form->email), "e-mails keep the rules");
    require(form->email == http::stored_email(form->email), "domains are in lower case");
    require(is_valid_utf8(form->password.reveal()), "passwords are UTF-8");
    require(!fault_of_password(form->password.reveal(), {}), "passwords keep the policy");
}

}  // namespace userd::fuzz
