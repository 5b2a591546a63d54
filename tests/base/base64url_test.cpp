#include "base/base64url.hpp"

#include <gtest/gtest.h>

namespace userd {
namespace {

struct Vector {
    std::string_view bytes;
    std::string_view text;
};

// RFC 4648 section 10, without padding, and the two characters in which the URL alphabet differs.
class Base64UrlVectors : public testing::TestWithParam<Vector> {};

TEST_P(Base64UrlVectors, EncodeAndDecode) {
    EXPECT_EQ(base64url_encode(GetParam().bytes), GetParam().text);
    EXPECT_EQ(base64url_decode(GetParam().text), GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(Rfc4648, Base64UrlVectors,
                         testing::Values(Vector{"", ""}, Vector{"f", "Zg"}, Vector{"fo", "Zm8"},
                                         Vector{"foo", "Zm9v"}, Vector{"foob", "Zm9vYg"},
                                         Vector{"fooba", "Zm9vYmE"}, Vector{"foobar", "Zm9vYmFy"},
                                         Vector{"\xfb\xff\xfe", "-__-"}));

class Base64UrlRefused : public testing::TestWithParam<std::string_view> {};

TEST_P(Base64UrlRefused, OtherSpellings) {
    EXPECT_EQ(base64url_decode(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(All, Base64UrlRefused,
                         testing::Values("Zg==", "Zh", "Zm9", "Z", "Zm9vY", "+//+", "Zm 9v",
                                         "Zm9v\n", "Zm9\xc3\xa9"));

}  // namespace
}  // namespace userd
