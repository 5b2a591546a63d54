#include "passwords/policy.hpp"

#include <gtest/gtest.h>

#include <string>

#include "passwords/common_passwords.hpp"

namespace userd {
namespace {

using namespace std::string_view_literals;

constexpr PasswordPolicy kDefault;

std::string_view list() {
    return common_passwords::files().front().content;
}

TEST(PasswordPolicy, CommonPasswordsAreRefusedInWhateverCase) {
    for (const auto password : {"password"sv, "12345678"sv, "iloveyou"sv, "password123"sv,
                                "PASSWORD"sv, "PassWord123"sv, "QwertyUiop"sv})
        EXPECT_EQ(fault_of_password(password, kDefault), PasswordFault::common) << password;
}

TEST(PasswordPolicy, WhatOnlyResemblesACommonOneIsTaken) {
    for (const auto password :
         {"securepassword"sv, "password "sv, " password"sv, "passwor\xc3\xa9"sv,
          "password\n12345678"sv, "password\n"sv, "\n\n\n\n\n\n\n\n"sv})
        EXPECT_EQ(fault_of_password(password, kDefault), std::nullopt) << password;
}

TEST(PasswordPolicy, EveryLineOfTheListIsFoundAndNoneIsShorterThanTheMinimum) {
    std::size_t lines = 0;
    for (std::string_view rest = list(); !rest.empty(); ++lines) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        EXPECT_GE(line.size(), kDefault.min_bytes) << line;
        EXPECT_TRUE(is_common_password(line)) << line;
    }
    // OWASP ASVS 5.0, 6.2.4.
    EXPECT_GE(lines, 3000U);
}

TEST(PasswordPolicy, BoundsAreBytesAndTheMinimumIsTheSettings) {
    EXPECT_EQ(fault_of_password("sevenby", kDefault), PasswordFault::too_short);
    EXPECT_EQ(fault_of_password("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", kDefault), std::nullopt);
    const PasswordPolicy strict{.min_bytes = 20};
    EXPECT_EQ(fault_of_password(std::string(19, 'x'), strict), PasswordFault::too_short);
    EXPECT_EQ(fault_of_password(std::string(20, 'x'), strict), std::nullopt);
    EXPECT_EQ(fault_of_password("password123", strict), PasswordFault::too_short);
    EXPECT_EQ(fault_of_password(std::string(1024, 'x'), kDefault), std::nullopt);
    EXPECT_EQ(fault_of_password(std::string(1025, 'x'), kDefault), PasswordFault::too_long);
    EXPECT_EQ(fault_of_password("pass\0word"sv, kDefault), PasswordFault::has_nul);
}

}  // namespace
}  // namespace userd
