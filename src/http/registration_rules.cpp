#include "http/registration_rules.hpp"

#include "base/text.hpp"

namespace userd::http {
namespace {

constexpr std::size_t kMinUsername = 3;
constexpr std::size_t kMaxUsername = 64;
constexpr std::size_t kMaxEmail = 254;
constexpr std::size_t kMaxLocalPart = 64;
constexpr std::size_t kMaxLabel = 63;
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

BrokenRule bad_email(const std::string& reason) {
    return {"value_error", "value is not a valid email address: " + reason, {{"reason", reason}}};
}

bool is_local_character(char c) {
    return is_alphanumeric(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
}

/// In email-validator's words.
std::optional<std::string> fault_of_local_part(std::string_view local) {
    if (local.empty()) return "There must be something before the @-sign.";
    if (local.size() > kMaxLocalPart)
        return "The email address is too long before the @-sign (" +
               characters(local.size() - kMaxLocalPart) + " too many).";
    if (local.front() == '.') return "An email address cannot start with a period.";
    if (local.back() == '.')
        return "An email address cannot have a period immediately before the @-sign.";
    if (local.find("..") != std::string_view::npos)
        return "An email address cannot have two periods in a row.";
    for (const char c : local)
        if (!is_local_character(c))
            return "The email address contains invalid characters before the @-sign.";
    return std::nullopt;
}

std::optional<std::string> fault_of_label(std::string_view label) {
    if (label.empty()) return "An email address cannot have two periods in a row.";
    if (label.size() > kMaxLabel)
        return "After the @-sign, periods cannot be separated by so many characters (" +
               characters(label.size() - kMaxLabel) + " too many).";
    if (label.front() == '-' || label.back() == '-')
        return "The part after the @-sign cannot have a hyphen next to a period.";
    for (const char c : label)
        if (!is_alphanumeric(c) && c != '-')
            return "The part after the @-sign contains invalid characters.";
    return std::nullopt;
}

std::optional<std::string> fault_of_domain(std::string_view domain) {
    if (domain.empty()) return "There must be something after the @-sign.";
    if (domain.front() == '.')
        return "An email address cannot have a period immediately after the @-sign.";
    if (domain.back() == '.') return "An email address cannot end with a period.";
    std::string_view label;
    std::size_t labels = 0;
    for (std::string_view rest = domain;; ++labels) {
        const std::size_t dot = rest.find('.');
        label = rest.substr(0, dot);
        if (auto fault = fault_of_label(label)) return fault;
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    if (labels == 0) return "The part after the @-sign is not valid. It should have a period.";
    if (label.find_first_not_of("0123456789") == std::string_view::npos)
        return "The part after the @-sign is not valid. It is not within a valid top-level domain.";
    return std::nullopt;
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
    const std::size_t at = email.rfind('@');
    if (at == std::string_view::npos) return bad_email("An email address must have an @-sign.");
    if (auto fault = fault_of_local_part(email.substr(0, at))) return bad_email(*fault);
    if (auto fault = fault_of_domain(email.substr(at + 1))) return bad_email(*fault);
    if (email.size() > kMaxEmail)
        return bad_email("The email address is too long (" + characters(email.size() - kMaxEmail) +
                         " too many).");
    return std::nullopt;
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
