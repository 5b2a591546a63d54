#include "http/email_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace userd::http {
namespace {

constexpr std::size_t kMaxEmail = 254;
constexpr std::size_t kMaxLocalPart = 64;
constexpr std::size_t kMaxDomain = 253;
constexpr std::size_t kMaxLabel = 63;

using Fault = std::optional<std::string>;

bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_alphanumeric(char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
}

bool is_local_character(char c) {
    return is_alphanumeric(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
}

bool is_domain_character(char c) {
    return is_alphanumeric(c) || c == '-' || c == '.';
}

std::string too_many(std::size_t size, std::size_t most) {
    return fmt::format("({} character{} too many)", size - most, size - most == 1 ? "" : "s");
}

/// Python's repr of a printable character, the Unicode name or number of another.
std::string shown(char c) {
    if (c == ' ') return "SPACE";
    if (c < ' ' || c == 0x7F) return fmt::format("U+{:04X}", static_cast<int>(c));
    const char quote = c == '\'' || c == '\\' ? '"' : '\'';
    return {quote, c, quote};
}

/// The ASCII characters of the text that are not allowed, listed once each; empty when none is.
std::string listed(std::string_view text, bool (*allowed)(char)) {
    std::set<std::string> bad;
    for (const char c : text)
        if (is_ascii(c) && !allowed(c)) bad.insert(shown(c));
    return fmt::format("{}", fmt::join(bad, ", "));
}

bool is_international(std::string_view text) {
    return !std::all_of(text.begin(), text.end(), is_ascii);
}

Fault fault_of_local_part(std::string_view local) {
    if (local.empty()) return "There must be something before the @-sign.";
    if (const std::size_t size = count_code_points(local); size > kMaxLocalPart)
        return "The email address is too long before the @-sign " + too_many(size, kMaxLocalPart) +
               ".";
    if (const std::string bad = listed(local, is_local_character); !bad.empty())
        return "The email address contains invalid characters before the @-sign: " + bad + ".";
    if (local.ends_with('.'))
        return "An email address cannot have a period immediately before the @-sign.";
    if (local.starts_with('.')) return "An email address cannot start with a period.";
    if (local.find("..") != std::string_view::npos)
        return "An email address cannot have two periods in a row.";
    if (is_international(local))
        return "Internationalized characters before the @-sign are not supported.";
    return std::nullopt;
}

/// RFC 952, RFC 1123 section 2.1: labels are not empty and have no hyphen at either end.
Fault fault_of_dots_and_hyphens(std::string_view domain) {
    if (domain.ends_with('.')) return "An email address cannot end with a period.";
    if (domain.starts_with('.'))
        return "An email address cannot have a period immediately after the @-sign.";
    if (domain.find("..") != std::string_view::npos)
        return "An email address cannot have two periods in a row.";
    if (domain.ends_with('-')) return "An email address cannot end with a hyphen.";
    if (domain.starts_with('-'))
        return "An email address cannot have a hyphen immediately after the @-sign.";
    if (domain.find(".-") != std::string_view::npos || domain.find("-.") != std::string_view::npos)
        return "An email address cannot have a period and a hyphen next to each other.";
    return std::nullopt;
}

template <class Visit>
Fault first_fault(std::string_view domain, const Visit& fault_of_label) {
    for (;;) {
        const std::size_t dot = domain.find('.');
        if (Fault fault = fault_of_label(domain.substr(0, dot))) return fault;
        if (dot == std::string_view::npos) return std::nullopt;
        domain.remove_prefix(dot + 1);
    }
}

/// RFC 5890 section 2.3.1: two hyphens in the third and fourth place are kept for "xn--".
Fault fault_of_prefix(std::string_view label) {
    if (label.substr(2 < label.size() ? 2 : label.size()).starts_with("--") &&
        compared_form(label.substr(0, 2)) != "xn")
        return "An email address cannot have two letters followed by two dashes immediately after "
               "the @-sign or after a period, except Punycode.";
    return std::nullopt;
}

Fault fault_of_length(std::string_view label) {
    if (label.size() > kMaxLabel)
        return "After the @-sign, periods cannot be separated by so many characters " +
               too_many(label.size(), kMaxLabel) + ".";
    return std::nullopt;
}

Fault fault_of_domain(std::string_view domain) {
    if (domain.empty()) return "There must be something after the @-sign.";
    if (const std::size_t size = count_code_points(domain); size > kMaxDomain)
        return "The email address is too long after the @-sign " + too_many(size, kMaxDomain) + ".";
    if (const std::string bad = listed(domain, is_domain_character); !bad.empty())
        return "The part after the @-sign contains invalid characters: " + bad + ".";
    if (is_international(domain))
        return "Internationalized characters after the @-sign are not supported.";
    if (Fault fault = fault_of_dots_and_hyphens(domain)) return fault;
    if (Fault fault = first_fault(domain, fault_of_prefix)) return fault;
    if (Fault fault = first_fault(domain, fault_of_length)) return fault;
    if (domain.find('.') == std::string_view::npos)
        return "The part after the @-sign is not valid. It should have a period.";
    if (!is_letter(domain.back()))
        return "The part after the @-sign is not valid. It is not within a valid top-level domain.";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> fault_of_email(std::string_view email) {
    const std::size_t at = email.find('@');
    if (at == std::string_view::npos) return "An email address must have an @-sign.";
    if (Fault fault = fault_of_local_part(email.substr(0, at))) return fault;
    if (Fault fault = fault_of_domain(email.substr(at + 1))) return fault;
    if (email.size() > kMaxEmail)
        return "The email address is too long " + too_many(email.size(), kMaxEmail) + ".";
    return std::nullopt;
}

}  // namespace userd::http
