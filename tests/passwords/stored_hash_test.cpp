#include "passwords/stored_hash.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "passwords/hasher.hpp"
#include "passwords/legacy.hpp"

namespace userd {
namespace {

const std::string kSalt = "c2l4dGVlbiBieXRlIHNhbA";
const std::string kDigest = "F5n7aA17JETaIAgfzpfVqCovbw554wJ3BmcdLVAAwlQ";
const std::string kArgon2 = "$argon2id$v=19$m=64,t=3,p=1$" + kSalt + "$" + kDigest;
const std::string kBcrypt = "$2b$04$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji";
const std::string kDjango =
    "pbkdf2_sha256$1000$seasalt2024Xyz$9uVxizPQ3FwSGYtHLo893OD0HRitiwK8BFZuFvH+Xbs=";
const std::string kPasslib =
    "$pbkdf2-sha256$1000$X.zrZv/IbzjZUnhsbWlseQ$G3QicPY4qvwOOwJUHn4uaUDEgPbViDM7vRLVe.oaS8Q";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) throw std::logic_error("the sample has no " + from);
    return text.replace(at, from.size(), to);
}

std::vector<std::string> hostile_argon2() {
    const auto with = [](const std::string& from, const std::string& to) {
        return replaced(kArgon2, from, to);
    };
    return {
        with("argon2id", "argon2d"),
        with("argon2id", "argon2"),
        with("argon2id", "ARGON2ID"),
        with("argon2id", "argon2ds"),
        with("$v=19", ""),
        with("v=19", "v=16"),
        with("v=19", "v=019"),
        with("v=19", "v=20"),
        with("v=19", "v="),
        // numbers
        with("m=64", "m=0"),
        with("m=64", "m=064"),
        with("m=64", "m=+64"),
        with("m=64", "m=-64"),
        with("m=64", "m= 64"),
        with("m=64", "m=64 "),
        with("m=64", "m=0x40"),
        with("m=64", "m="),
        with("m=64", "m=6e1"),
        with("m=64", "m=7"),
        with("m=64", "m=262145"),
        with("m=64", "m=4294967296"),
        with("m=64", "m=4294967360"),
        with("m=64", "m=18446744073709551680"),
        with("t=3", "t=0"),
        with("t=3", "t=17"),
        with("t=3", "t=4294967299"),
        with("t=3", "t="),
        with("p=1", "p=0"),
        with("p=1", "p=17"),
        with("p=1", "p=9"),  // 64 KiB are too few for 9 lanes
        with("p=1", "p=4294967297"),
        // shape
        with("m=64,t=3", "t=3,m=64"),
        with("m=64,", ""),
        with(",p=1", ""),
        with(",p=1", ",p=1,"),
        with(",p=1", ",p=1,data=AAAA"),
        with(",p=1", ",p=1,keyid=AAAA"),
        with("m=64", "m=64,m=64"),
        kArgon2.substr(1),
        " " + kArgon2,
        kArgon2 + " ",
        kArgon2 + "\n",
        kArgon2 + "$",
        kArgon2 + std::string(1, '\0'),
        "$" + kArgon2,
        kArgon2 + kArgon2,
        kArgon2.substr(0, 40),
        // base64
        with(kSalt, ""),
        with(kSalt, "c2FsdA"),
        with(kSalt, kSalt + "=="),
        with(kSalt, kSalt + "="),
        with(kSalt, "c2l4dGVlbiBieXRlIHNhbB"),  // spare bits set
        with(kSalt, "c2l4dGVlbiBieXRlIHNhb-"),
        with(kSalt, "c2l4dGVlbiBieXRlIHNhb"),
        with(kSalt, "c2l4dGVl biBieXRlIHNhbA"),
        with(kSalt, std::string(88, 'A')),
        with(kDigest, ""),
        with(kDigest, "AAAAAAAAAAAAAAAA"),
        with(kDigest, kDigest + "="),
        with(kDigest, "F5n7aA17JETaIAgfzpfVqCovbw554wJ3BmcdLVAAwlR"),
        with(kDigest, std::string(88, 'A')),
        with(kDigest, std::string(100'000, 'A')),
    };
}

std::vector<std::string> hostile_bcrypt() {
    const auto with = [](std::size_t at, const std::string& to) {
        std::string text = kBcrypt;
        return text.replace(at, to.size(), to);
    };
    return {
        with(1, "2x"),
        with(1, "2c"),
        with(1, "1b"),
        with(1, "2B"),
        with(1, "$b"),
        with(0, "*"),
        replaced(kBcrypt, "$2b$", "$2$0"),
        replaced(kBcrypt, "$2b$", "$2$"),
        // cost
        with(4, "03"),
        with(4, "00"),
        with(4, "16"),
        with(4, "31"),
        with(4, "32"),
        with(4, "99"),
        with(4, " 4"),
        with(4, "+4"),
        with(4, "-4"),
        with(4, "4$"),
        with(4, "0x"),
        with(4, "0:"),
        // alphabet
        with(6, "."),
        with(10, "+"),
        with(10, "="),
        with(10, "$"),
        with(10, " "),
        with(40, "\n"),
        with(40, "\x80"),
        with(40, std::string(1, '\0')),
        with(28, "P"),  // spare bits of the salt
        with(59, "j"),  // spare bits of the digest
        // length
        kBcrypt.substr(0, 59),
        kBcrypt.substr(0, 29),
        kBcrypt.substr(0, 7),
        kBcrypt + "a",
        kBcrypt + "\n",
        " " + kBcrypt,
        kBcrypt + std::string(1, '\0'),
        "bcrypt$" + kBcrypt,
        "bcrypt_sha256$" + kBcrypt,
    };
}

std::vector<std::string> hostile_pbkdf2() {
    const auto django = [](const std::string& from, const std::string& to) {
        return replaced(kDjango, from, to);
    };
    const auto passlib = [](const std::string& from, const std::string& to) {
        return replaced(kPasslib, from, to);
    };
    return {
        django("sha256", "sha1"),
        django("sha256", "sha512"),
        django("pbkdf2_", "pbkdf2-"),
        "$" + kDjango,
        kDjango + "=",
        kDjango + "\n",
        " " + kDjango,
        kDjango + "$",
        kDjango.substr(0, kDjango.size() - 1),
        django("$1000$", "$0$"),
        django("$1000$", "$$"),
        django("$1000$", "$01000$"),
        django("$1000$", "$-1000$"),
        django("$1000$", "$+1000$"),
        django("$1000$", "$1e3$"),
        django("$1000$", "$5000001$"),
        django("$1000$", "$4294968296$"),
        django("$1000$", "$99999999999999999999$"),
        django("$1000$", "$1000$$"),
        django("seasalt", "sea salt"),
        django("seasalt", "sea\nsalt"),
        django("seasalt", "sea\xffsalt"),
        django("seasalt2024Xyz", ""),
        django("seasalt2024Xyz", std::string(129, 'a')),
        django("Xbs=", "Xbt="),  // spare bits set
        django("Xbs=", ""),
        django("Xbs=", "Xbs"),
        django("Xbs=", "Xbs=AAAA"),
        django("+", "-"),
        django("+", "."),
        django("+", " "),
        "pbkdf2_sha256$1000$seasalt2024Xyz$",
        "pbkdf2_sha256$1000$seasalt2024Xyz",
        "pbkdf2_sha256$",
        // 64 bytes of digest would double the work
        "pbkdf2_sha256$1000$seasalt$" + std::string(85, 'A') + "A==",
        passlib("sha256", "sha512"),
        passlib("-sha256", ""),
        passlib("sha256", "sha256$v=1"),
        kPasslib.substr(1),
        kPasslib + "=",
        kPasslib + "\n",
        kPasslib + "$",
        passlib("$1000$", "$0$"),
        passlib("$1000$", "$01000$"),
        passlib("$1000$", "$5000001$"),
        passlib("$1000$", "$$"),
        passlib(".oaS8Q", "+oaS8Q"),  // the second spelling
        passlib(".oaS8Q", "-oaS8Q"),
        passlib("aS8Q", "aS8R"),
        passlib("$X.zr", "$X+zr"),
        passlib("X.zrZv/IbzjZUnhsbWlseQ", ""),
        passlib("bWlseQ", "bWlseR"),
        passlib("bWlseQ", "bWls Q"),
        passlib("aS8Q", ""),
        passlib("aS8Q", "aS8QAAAA"),
    };
}

class HostileStoredHash : public testing::TestWithParam<std::string> {};

TEST_P(HostileStoredHash, IsOfNoFormatAndMatchesNothing) {
    const Hasher hasher({8, 1});
    const Secret password(std::string_view("correct horse battery staple"));
    EXPECT_EQ(hash_format(GetParam()), "unknown");
    EXPECT_FALSE(is_supported_hash(GetParam()));
    EXPECT_FALSE(hasher.verify(password, GetParam()));
    EXPECT_TRUE(hasher.needs_rehash(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Argon2, HostileStoredHash, testing::ValuesIn(hostile_argon2()));
INSTANTIATE_TEST_SUITE_P(Bcrypt, HostileStoredHash, testing::ValuesIn(hostile_bcrypt()));
INSTANTIATE_TEST_SUITE_P(Pbkdf2, HostileStoredHash, testing::ValuesIn(hostile_pbkdf2()));
INSTANTIATE_TEST_SUITE_P(Others, HostileStoredHash,
                         testing::Values("", "$", "$$$$$", "$$$$", "$$$", "plaintext", "unknown",
                                         "!", "*0", "*1", "$1$salt$digest", "$6$salt$digest",
                                         "correct horse battery staple",
                                         "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
                                         "5f4dcc3b5aa765d61d8327deb882cf99",
                                         "argon2$argon2id$v=19$m=64,t=3,p=1$AAAA$AAAA"));

TEST(StoredHash, NoByteAboveAsciiIsABase64Digit) {
    for (const std::string& sample : {kArgon2, kDjango, kPasslib})
        for (int byte = 0x80; byte <= 0xFF; ++byte) {
            std::string text = sample;
            text[text.size() - 20] = static_cast<char>(byte);
            EXPECT_EQ(hash_format(text), "unknown") << sample << " with " << byte;
        }
}

TEST(StoredHash, SamplesOfTheHostileTablesAreGood) {
    EXPECT_TRUE(parse_argon2(kArgon2));
    EXPECT_TRUE(bcrypt_cost(kBcrypt));
    EXPECT_TRUE(parse_pbkdf2_sha256(kDjango));
    EXPECT_TRUE(parse_pbkdf2_sha256(kPasslib));
}

TEST(StoredHash, BoundsThemselvesAreAccepted) {
    EXPECT_EQ(hash_format(replaced(kArgon2, "m=64,t=3,p=1", "m=262144,t=16,p=16")),
              "argon2id$m=262144,t=16,p=16");
    EXPECT_EQ(hash_format(replaced(kArgon2, "m=64,t=3,p=1", "m=8,t=1,p=1")),
              "argon2id$m=8,t=1,p=1");
    EXPECT_EQ(hash_format(replaced(kBcrypt, "$04$", "$15$")), "bcrypt$15");
    EXPECT_EQ(hash_format(replaced(kDjango, "$1000$", "$5000000$")), "pbkdf2_sha256$5000000");
    EXPECT_EQ(hash_format(replaced(kPasslib, "$1000$", "$1$")), "pbkdf2_sha256$1");
}

TEST(StoredHash, FormatTellsCostAndNothingElse) {
    EXPECT_EQ(hash_format(kArgon2), "argon2id$m=64,t=3,p=1");
    EXPECT_EQ(hash_format(replaced(kArgon2, "argon2id", "argon2i")), "argon2i$m=64,t=3,p=1");
    EXPECT_EQ(hash_format(kBcrypt), "bcrypt$4");
    EXPECT_EQ(hash_format(replaced(kBcrypt, "$2b$", "$2a$")), "bcrypt$4");
    EXPECT_EQ(hash_format(replaced(kBcrypt, "$2b$04", "$2y$12")), "bcrypt$12");
    EXPECT_EQ(hash_format(kDjango), "pbkdf2_sha256$1000");
    EXPECT_EQ(hash_format(kPasslib), "pbkdf2_sha256$1000");
}

TEST(StoredHash, PasslibAndDjangoPartsAreDecoded) {
    const auto django = parse_pbkdf2_sha256(kDjango);
    ASSERT_TRUE(django);
    EXPECT_EQ(django->salt, "seasalt2024Xyz");
    const auto passlib = parse_pbkdf2_sha256(kPasslib);
    ASSERT_TRUE(passlib);
    EXPECT_EQ(passlib->salt.substr(0, 3), "\x5f\xec\xeb");
    EXPECT_EQ(passlib->digest.size(), 32U);
}

}  // namespace
}  // namespace userd
