#include "passwords/policy.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "base/text.hpp"
#include "passwords/common_passwords.hpp"

namespace userd {
namespace {

/// The list is sorted by bytes, in ASCII lower case, a password a line (scripts/fetch-assets).
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

}  // namespace

std::optional<PasswordFault> fault_of_password(std::string_view password,
                                               const PasswordPolicy& policy) {
    if (password.size() < policy.min_bytes) return PasswordFault::too_short;
    if (password.size() > kMaxPasswordBytes) return PasswordFault::too_long;
    if (password.find('\0') != std::string_view::npos) return PasswordFault::has_nul;
    if (is_common_password(password)) return PasswordFault::common;
    return std::nullopt;
}

bool is_common_password(std::string_view password) {
    static const std::vector<std::string_view> common =
        lines_of(common_passwords::files().front().content);
    std::string lower = compared_form(password);
    const bool found = std::binary_search(common.begin(), common.end(), std::string_view(lower));
    wipe(lower);
    return found;
}

}  // namespace userd
