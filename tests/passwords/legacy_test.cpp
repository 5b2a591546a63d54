#include "passwords/legacy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "passwords/hasher.hpp"

namespace userd {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPassword = "correct horse battery staple";
constexpr std::string_view kCyrillic =
    "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c-\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87";

std::string alphabet(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>('a' + i % 26);
    return text;
}

using Vector = std::tuple<std::string, const char*>;

class LegacyVector : public testing::TestWithParam<Vector> {};

TEST_P(LegacyVector, MatchesItsPasswordOnly) {
    const auto& [password, stored] = GetParam();
    const Hasher hasher({8, 1});
    EXPECT_TRUE(is_supported_hash(stored));
    EXPECT_TRUE(hasher.verify(Secret(std::string_view(password)), stored));
    EXPECT_FALSE(hasher.verify(Secret("x" + password), stored));
    EXPECT_FALSE(hasher.verify(Secret(std::string_view(stored)), stored));
    EXPECT_TRUE(hasher.needs_rehash(stored));
}

// Written by bcrypt 4.0 and passlib 1.7.4.
INSTANTIATE_TEST_SUITE_P(
    Bcrypt, LegacyVector,
    testing::Values(
        Vector{kPassword, "$2a$04$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji"},
        Vector{kPassword, "$2b$04$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji"},
        Vector{kPassword, "$2y$04$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji"},
        Vector{kPassword, "$2b$05$pMd5SDRDUaJq9BSQ5wP3uOSGECkGU6.7Cjjs/NIG/2oUkLxS6VcPC"},
        Vector{kCyrillic, "$2a$04$abcdefghijklmnopqrstuOrRt9R.oPuryiFFrfCbVnq27nx4Wh7xG"},
        Vector{"", "$2b$04$abcdefghijklmnopqrstuOPYMo8FIicLfSLl7WijjcPEQmRxjEu.y"},
        Vector{alphabet(71), "$2b$04$abcdefghijklmnopqrstuOA9LAcGZ.jKYdtSQgAwTXx3ZtJraePfS"},
        Vector{alphabet(72), "$2b$04$abcdefghijklmnopqrstuOwU.N155klK.oG081Hu625fiHrEuTx6C"},
        Vector{alphabet(1024), "$2b$04$abcdefghijklmnopqrstuOwU.N155klK.oG081Hu625fiHrEuTx6C"}));

// Written by Django 5.
INSTANTIATE_TEST_SUITE_P(
    Django, LegacyVector,
    testing::Values(
        Vector{kPassword,
               "pbkdf2_sha256$1000$seasalt2024Xyz$9uVxizPQ3FwSGYtHLo893OD0HRitiwK8BFZuFvH+Xbs="},
        Vector{kPassword, "pbkdf2_sha256$1$x$H/N3K8rvCtUgv+5w0W+qEcROdFPbYbm0Js0VL7TRObg="},
        Vector{kCyrillic,
               "pbkdf2_sha256$1000$seasalt2024Xyz$0U8jMXZXbu8d6Or7D7vLADYgCvMRT30ADamMAQ0fjAk="},
        Vector{"",
               "pbkdf2_sha256$1000$seasalt2024Xyz$8vKOnz1J3mDHf7J/PBR6TsYO7vgflvA33XcfrZcr5GM="},
        Vector{alphabet(1024),
               "pbkdf2_sha256$1000$seasalt2024Xyz$ovR61yZHsWyVavrGKNOZYlbgSAmuNKfPA5Ip/5bhh7s="}));

// Written by passlib 1.7.4.
INSTANTIATE_TEST_SUITE_P(Passlib, LegacyVector,
                         testing::Values(Vector{kPassword,
                                                "$pbkdf2-sha256$1000$X.zrZv/IbzjZUnhsbWlseQ$"
                                                "G3QicPY4qvwOOwJUHn4uaUDEgPbViDM7vRLVe.oaS8Q"},
                                         Vector{kPassword,
                                                "$pbkdf2-sha256$29000$B4DQ2jsHoFTqnbO2ltL6Xw$"
                                                "YbYTIVb3eisXwyeo0oV/hvdASJH9eQRiEI8V7keiSj8"},
                                         Vector{"",
                                                "$pbkdf2-sha256$1000$GuN8z/lfa.39v1cKQag1pg$"
                                                "RJ26GQF4h1XI/tAqsAtnKPdC6BYrRXWuGLbLKHD9C40"},
                                         Vector{alphabet(1024),
                                                "$pbkdf2-sha256$1000$L8X4f6917r1XKqV07v2fEw$"
                                                "tVEUizw/f6wnd3DNLFMlj8D300EKbF1sbY1EOCOHPlA"}));

TEST(Django, DefaultCostOfARealSiteMatches) {
    EXPECT_TRUE(verify_pbkdf2_sha256(
        Secret(kPassword),
        "pbkdf2_sha256$600000$seasalt2024Xyz$0S9Dw16PUo3p7DEixV0qr/74saX851PGaMgOSeoKhA4="));
}

TEST(Bcrypt, SeesTheFirst72BytesOnly) {
    const char* const stored = "$2b$04$abcdefghijklmnopqrstuOwU.N155klK.oG081Hu625fiHrEuTx6C";
    EXPECT_TRUE(verify_bcrypt(Secret(alphabet(72) + "anything"), stored));
    EXPECT_FALSE(verify_bcrypt(Secret(alphabet(71)), stored));
    EXPECT_FALSE(verify_bcrypt(Secret(alphabet(71) + "!"), stored));
}

TEST(Bcrypt, NulCannotCutAPassword) {
    const char* const empty = "$2b$04$abcdefghijklmnopqrstuOPYMo8FIicLfSLl7WijjcPEQmRxjEu.y";
    const char* const stored = "$2b$04$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji";
    EXPECT_FALSE(verify_bcrypt(Secret("\0"sv), empty));
    EXPECT_FALSE(verify_bcrypt(Secret("\0anything"sv), empty));
    EXPECT_FALSE(verify_bcrypt(Secret(std::string(kPassword) + std::string("\0tail", 5)), stored));
    // a NUL beyond what bcrypt reads is still not a password
    EXPECT_FALSE(verify_bcrypt(Secret(alphabet(72) + std::string(1, '\0')),
                               "$2b$04$abcdefghijklmnopqrstuOwU.N155klK.oG081Hu625fiHrEuTx6C"));
}

// These would run for days if they were computed.
TEST(Bcrypt, CostAboveTheBoundIsNeverComputed) {
    for (const char* const stored :
         {"$2b$31$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji",
          "$2a$30$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji",
          "$2y$28$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji"}) {
        EXPECT_FALSE(bcrypt_cost(stored)) << stored;
        EXPECT_FALSE(verify_bcrypt(Secret(kPassword), stored)) << stored;
    }
}

TEST(Pbkdf2, IterationsAboveTheBoundAreNeverComputed) {
    for (const char* const stored :
         {"pbkdf2_sha256$4000000000$x$H/N3K8rvCtUgv+5w0W+qEcROdFPbYbm0Js0VL7TRObg=",
          "pbkdf2_sha256$5000001$x$H/N3K8rvCtUgv+5w0W+qEcROdFPbYbm0Js0VL7TRObg=",
          "$pbkdf2-sha256$2147483648$X.zrZv/IbzjZUnhsbWlseQ$"
          "G3QicPY4qvwOOwJUHn4uaUDEgPbViDM7vRLVe.oaS8Q"}) {
        EXPECT_FALSE(pbkdf2_iterations(stored)) << stored;
        EXPECT_FALSE(verify_pbkdf2_sha256(Secret(kPassword), stored)) << stored;
    }
}

TEST(Legacy, VerifiersRefuseEachOthersFormats) {
    const Secret password(kPassword);
    EXPECT_FALSE(verify_bcrypt(
        password,
        "pbkdf2_sha256$1000$seasalt2024Xyz$9uVxizPQ3FwSGYtHLo893OD0HRitiwK8BFZuFvH+Xbs="));
    EXPECT_FALSE(verify_pbkdf2_sha256(
        password, "$2b$04$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji"));
    // libxcrypt knows many more formats than bcrypt
    EXPECT_FALSE(verify_bcrypt(password, "$6$saltstring$" + std::string(46, 'a')));
    EXPECT_FALSE(verify_bcrypt(password, "ab" + std::string(58, 'a')));
}

}  // namespace
}  // namespace userd
