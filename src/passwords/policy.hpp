#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace userd {

inline constexpr std::size_t kMaxPasswordBytes = 1024;

/// What a new password must keep; older ones log in whatever they are.
struct PasswordPolicy {
    std::size_t min_bytes = 8;
};

enum class PasswordFault { too_short, too_long, has_nul, common };

/// The first rule that the password breaks; nothing when it is good.
[[nodiscard]] std::optional<PasswordFault> fault_of_password(std::string_view password,
                                                             const PasswordPolicy& policy);

/// Whether it is one of the most common passwords (of 8 bytes and more; the embedded list), in
/// whatever ASCII letter case.
[[nodiscard]] bool is_common_password(std::string_view password);

}  // namespace userd
