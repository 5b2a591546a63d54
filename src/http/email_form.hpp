#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace userd::http {

/// What is wrong with the form of an e-mail address, in email-validator's words (which is what
/// Pydantic's EmailStr passes on); nothing when it is good. ASCII only, no quoted local part, no
/// address literal; nothing is looked up.
[[nodiscard]] std::optional<std::string> fault_of_email(std::string_view email);

}  // namespace userd::http
