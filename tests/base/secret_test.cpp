#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace userd {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
    out << value;
};

static_assert(!Printable<Secret>);
static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);

TEST(Secret, MovingEmptiesTheSource) {
    std::string plain = "hunter2hunter2";
    Secret first(std::move(plain));
    EXPECT_TRUE(
        plain.empty());  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
    Secret second(std::move(first));
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(second.reveal(), "hunter2hunter2");
}

TEST(Secret, WipeLeavesNoByteInTheBuffer) {
    std::string text = "a password in a short string";
    const char* bytes = text.data();
    const std::size_t size = text.size();
    wipe(text);
    EXPECT_TRUE(text.empty());
    EXPECT_EQ(std::string_view(bytes, size).find_first_not_of('\0'), std::string_view::npos);
}

TEST(Secret, ComparesWholeStrings) {
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
    EXPECT_TRUE(equal_in_constant_time("", ""));
}

}  // namespace
}  // namespace userd
