#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/secret.hpp"
#include "http/message.hpp"
#include "passwords/policy.hpp"

namespace userd::http {

/// One entry of a 422 body, in Pydantic 2's words as FastAPI passes them on.
struct FieldError {
    std::string type;                     ///< `missing`, `string_type`, `json_invalid`, …
    std::vector<boost::json::value> loc;  ///< ["body","email"]; a position for json_invalid
    std::string msg;
    boost::json::value input;  ///< secrets already masked
    std::optional<boost::json::object> ctx;
};
using FieldErrors = std::vector<FieldError>;

/// A value, or all that is wrong with the input.
template <class T>
class Parsed {
  public:
    Parsed(T value) : value_(std::move(value)) {}
    Parsed(FieldErrors errors) : errors_(std::move(errors)) {}
    explicit operator bool() const noexcept { return value_.has_value(); }
    T& operator*() & { return *value_; }
    T&& operator*() && { return *std::move(value_); }
    T* operator->() { return &*value_; }
    [[nodiscard]] const FieldErrors& errors() const noexcept { return errors_; }

  private:
    std::optional<T> value_;
    FieldErrors errors_;
};

/// 422 {"detail":[…]}.
[[nodiscard]] Response unprocessable(const FieldErrors& errors);

/// For Errc::breached_password.
[[nodiscard]] FieldError breached_password_error();

/// The three request bodies of the API. Every rule of the contract ("At registration …") is checked
/// here, once; the errors have FastAPI's types, locations, messages, order and ctx.
struct RegisterForm {
    std::string username;
    std::string email;  ///< domain lower-cased
    Secret password;
};
struct LoginForm {
    std::string username;
    Secret password;
};
struct RefreshForm {
    Secret old_refresh_token;
};
[[nodiscard]] Parsed<RegisterForm> parse_register(const Request& request,
                                                  const PasswordPolicy& policy);
/// JSON, or an OAuth2 password form (application/x-www-form-urlencoded).
[[nodiscard]] Parsed<LoginForm> parse_login(const Request& request);
[[nodiscard]] Parsed<RefreshForm> parse_refresh(const Request& request);

/// The rules of registration for the command line: the message, or nothing when good.
[[nodiscard]] std::optional<std::string> check_username(std::string_view username);
[[nodiscard]] std::optional<std::string> check_email(std::string_view email);
[[nodiscard]] std::optional<std::string> check_password(std::string_view password,
                                                        const PasswordPolicy& policy);
/// The form that is stored: domain in lower case.
[[nodiscard]] std::string stored_email(std::string_view email);

}  // namespace userd::http
