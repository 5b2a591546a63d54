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

TEST(Base64Url, EveryByteSurvivesAtEveryPlace) {
    for (std::size_t size = 0; size <= 9; ++size)
        for (int byte = 0; byte < 256; ++byte)
            for (std::size_t place = 0; place < size; ++place) {
                std::string bytes(size, '\x5a');
                bytes[place] = static_cast<char>(byte);
                ASSERT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
            }
}

TEST(Base64Url, AForeignByteIsRefusedAtEveryPlace) {
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const std::size_t size : {2, 3, 4, 6, 7, 8})
        for (int byte = 0; byte < 256; ++byte)
            for (std::size_t place = 0; place < size; ++place) {
                std::string text(size, 'A');
                ASSERT_TRUE(base64url_decode(text));
                text[place] = static_cast<char>(byte);
                if (alphabet.find(text[place]) != alphabet.npos) continue;
                ASSERT_EQ(base64url_decode(text), std::nullopt) << byte << " at " << place;
            }
}

TEST(Base64Url, SpareBitsMustBeZero) {
    int taken = 0;
    for (const char last : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789-_")) {
        taken += base64url_decode(std::string("Zm9vZ") + last) ? 1 : 0;
        taken += base64url_decode(std::string("Zm9vZm") + last) ? 100 : 0;
    }
    EXPECT_EQ(taken, 4 + 100 * 16) << "two bytes leave 2 bits over, one leaves 4";
}

}  // namespace
}  // namespace userd
