#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "passwords/policy.hpp"

namespace userd::http {

/// A rule that a value breaks, in Pydantic's words.
struct BrokenRule {
    std::string type;
    std::string msg;
    boost::json::object ctx;
};

/// The contract's rules "At registration", and the upper limits that login keeps. Nothing when
/// kept.
[[nodiscard]] std::optional<BrokenRule> check_new_username(std::string_view username);
[[nodiscard]] std::optional<BrokenRule> check_new_email(std::string_view email);
[[nodiscard]] std::optional<BrokenRule> check_new_password(std::string_view password,
                                                           const PasswordPolicy& policy);
[[nodiscard]] std::optional<BrokenRule> check_login_name(std::string_view name);
[[nodiscard]] std::optional<BrokenRule> check_login_password(std::string_view password);

/// What a password breaks that a breach check knows.
[[nodiscard]] BrokenRule breached_password();

}  // namespace userd::http
