#pragma once

#include <gtest/gtest.h>

#include <string>

#include "http/answers.hpp"
#include "http/validation.hpp"

namespace userd::http {

namespace json = boost::json;

inline const std::string kSecret = "sup3r-s3cret-value";

enum class Form { registration, login, refresh };

inline std::string answer_of(const FieldErrors& errors) {
    return errors.empty() ? "(good)" : unprocessable(errors).body;
}

inline std::string answer(Form form, const Request& request) {
    switch (form) {
        case Form::registration:
            return answer_of(parse_register(request, PasswordPolicy{}).errors());
        case Form::login:
            return answer_of(parse_login(request).errors());
        case Form::refresh:
            return answer_of(parse_refresh(request).errors());
    }
    return "(unknown form)";
}

struct Bad {
    Form form;
    std::string body;
    std::string detail;  ///< as JSON
    std::string content_type = "application/json";
};

/// Bodies that are refused, with the whole of the answer.
class BadBodies : public testing::TestWithParam<Bad> {};

inline std::string registration(const std::string& username, const std::string& email,
                                const std::string& password) {
    return json::serialize(
        json::object{{"username", username}, {"email", email}, {"password", password}});
}

}  // namespace userd::http
