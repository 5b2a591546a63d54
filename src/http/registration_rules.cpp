#include "http/registration_rules.hpp"

#include "base/text.hpp"
#include "http/email_form.hpp"

namespace userd::http {
namespace {

constexpr std::size_t kMinUsername = 3;
constexpr std::size_t kMaxUsername = 64;
constexpr std::size_t kMaxEmail = 254;
constexpr std::size_t kMinPassword = 8;
constexpr std::size_t kMaxPassword = 1024;
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
BrokenRule has_nul() {
    return {"value_error",
            "Value error, NUL characters are not allowed",
            {{"error", boost::json::object()}}};
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

std::optional<BrokenRule> check_new_password(std::string_view password) {
    if (password.size() < kMinPassword) return too_short(kMinPassword);
    return check_login_password(password);
}

std::optional<BrokenRule> check_login_name(std::string_view name) {
    if (name.size() > kMaxEmail) return too_long(kMaxEmail);
    if (name.find('\0') != std::string_view::npos) return has_nul();
    return std::nullopt;
}

std::optional<BrokenRule> check_login_password(std::string_view password) {
    if (password.size() > kMaxPassword) return too_long(kMaxPassword);
    if (password.find('\0') != std::string_view::npos) return has_nul();
    return std::nullopt;
}

}  // namespace userd::http
