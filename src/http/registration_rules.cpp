#include "http/registration_rules.hpp"

#include <cstdlib>

#include "base/text.hpp"
#include "http/email_form.hpp"

namespace userd::http {
namespace {

constexpr std::size_t kMinUsername = 3;
constexpr std::size_t kMaxUsername = 64;
constexpr std::size_t kMaxEmail = 254;
constexpr const char* kUsernamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$";

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string characters(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " character" : " characters");
}

BrokenRule too_short(std::size_t least) {
    return {"string_too_short",
            "String should have at least " + characters(least),
            {{"min_length", least}}};
}

BrokenRule too_long(std::size_t most) {
    return {"string_too_long",
            "String should have at most " + characters(most),
            {{"max_length", most}}};
}

/// As Pydantic reports a ValueError of a validator, through FastAPI's encoder.
BrokenRule value_error(const std::string& reason) {
    return {"value_error", "Value error, " + reason, {{"error", boost::json::object()}}};
}

BrokenRule has_nul() {
    return value_error("NUL characters are not allowed");
}

}  // namespace

std::optional<BrokenRule> check_new_username(std::string_view username) {
    const std::size_t size = count_code_points(username);
    if (size < kMinUsername) return too_short(kMinUsername);
    if (size > kMaxUsername) return too_long(kMaxUsername);
    bool matches = is_alphanumeric(username.front());
    for (const char c : username)
        matches = matches && (is_alphanumeric(c) || c == '.' || c == '_' || c == '-');
    if (matches) return std::nullopt;
    return BrokenRule{"string_pattern_mismatch",
                      std::string("String should match pattern '") + kUsernamePattern + "'",
                      {{"pattern", kUsernamePattern}}};
}

std::optional<BrokenRule> check_new_email(std::string_view email) {
    auto reason = fault_of_email(email);
    if (!reason) return std::nullopt;
    return BrokenRule{
        "value_error", "value is not a valid email address: " + *reason, {{"reason", *reason}}};
}

std::optional<BrokenRule> check_new_password(std::string_view password,
                                             const PasswordPolicy& policy) {
    const std::optional<PasswordFault> fault = fault_of_password(password, policy);
    if (!fault) return std::nullopt;
    switch (*fault) {
        case PasswordFault::too_short:
            return too_short(policy.min_bytes);
        case PasswordFault::too_long:
            return too_long(kMaxPasswordBytes);
        case PasswordFault::has_nul:
            return has_nul();
        case PasswordFault::common:
            return value_error("this password is among the most common ones; choose another");
    }
    std::abort();
}

std::optional<BrokenRule> check_login_name(std::string_view name) {
    if (name.size() > kMaxEmail) return too_long(kMaxEmail);
    if (name.find('\0') != std::string_view::npos) return has_nul();
    return std::nullopt;
}

std::optional<BrokenRule> check_login_password(std::string_view password) {
    if (password.size() > kMaxPasswordBytes) return too_long(kMaxPasswordBytes);
    if (password.find('\0') != std::string_view::npos) return has_nul();
    return std::nullopt;
}

BrokenRule breached_password() {
    return value_error("this password has appeared in a data breach; choose another");
}

}  // namespace userd::http
