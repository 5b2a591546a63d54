#include <gtest/gtest.h>

#include "tokens/forge.hpp"
#include "tokens/tokens.hpp"

// Tokens whose signature and header are right, of a key holder that is confused or hostile.

namespace userd {
namespace {

constexpr Timestamp kNow = from_unix_seconds(1'800'000'000);
const char* const kUser = "01890a5d-ac96-774b-bcce-b302099a8057";
const char* const kSession = "01890a5d-ac96-774b-bcce-b302099a8058";

const std::shared_ptr<const Key> kKey = Key::from_secret(Secret(std::string(32, 'a')));
const auto kKeys = std::make_shared<KeySet>(KeySet::Parts{kKey, {}, kKey, nullptr});

/// The members of a good access token; nothing takes one out.
using Members = std::map<std::string, std::string>;

Members good_members() {
    return {{"iss", R"("userd")"},
            {"aud", R"("userd")"},
            {"sub", '"' + std::string(kUser) + '"'},
            {"sid", '"' + std::string(kSession) + '"'},
            {"username", R"("ada")"},
            {"iat", "1800000000"},
            {"exp", "1800000300"},
            {"jti", R"("x")"}};
}

std::string token_of(const Members& members) {
    std::string payload;
    for (const auto& [name, value] : members)
        if (!value.empty()) payload += (payload.empty() ? "" : ",") + ('"' + name + "\":") + value;
    return forge(*kKey, header_of(*kKey), "{" + payload + "}");
}

bool is_taken(const Members& members) {
    return Tokens(TokenSettings{}, kKeys).check_access(token_of(members), kNow) != nullptr;
}

struct Change {
    const char* claim;
    std::string value;  ///< as JSON; empty takes the claim out
};

std::string name_of_change(const testing::TestParamInfo<Change>& info) {
    return std::string(info.param.claim) + "_" + std::to_string(info.index);
}

class ForgedClaims : public testing::TestWithParam<Change> {};

TEST_P(ForgedClaims, AreRefused) {
    Members members = good_members();
    ASSERT_TRUE(is_taken(members));
    members[GetParam().claim] = GetParam().value;
    EXPECT_FALSE(is_taken(members)) << GetParam().value;
}

INSTANTIATE_TEST_SUITE_P(
    Times, ForgedClaims,
    testing::Values(Change{"exp", ""}, Change{"exp", "null"}, Change{"exp", "true"},
                    Change{"exp", R"("1800000300")"}, Change{"exp", "1800000300.0"},
                    Change{"exp", "1800000300.5"}, Change{"exp", "1.8e12"},
                    Change{"exp", "[1800000300]"}, Change{"exp", "1800000000"},
                    Change{"exp", "1799999999"}, Change{"exp", "0"}, Change{"exp", "-1"},
                    Change{"exp", "253402300800"}, Change{"exp", "9223372036854775807"},
                    Change{"exp", "9223372036854775808"}, Change{"exp", "18446744073709551616"},
                    Change{"exp", "-9223372036854775808"}, Change{"exp", "1e400"},
                    Change{"exp", std::string(400, '9')}, Change{"iat", ""}, Change{"iat", "null"},
                    Change{"iat", R"("1800000000")"}, Change{"iat", "1800000000.5"},
                    Change{"iat", "-1"}, Change{"iat", "1800000061"},
                    Change{"iat", "9223372036854775807"}),
    name_of_change);

INSTANTIATE_TEST_SUITE_P(
    Ids, ForgedClaims,
    testing::Values(Change{"sub", ""}, Change{"sub", "1"}, Change{"sub", R"("")"},
                    Change{"sub", R"("ada")"},
                    Change{"sub", R"("01890A5D-AC96-774B-BCCE-B302099A8057")"},
                    Change{"sub", R"("{01890a5d-ac96-774b-bcce-b302099a8057}")"},
                    Change{"sub", R"("urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057")"},
                    Change{"sub", R"("01890a5dac96774bbcceb302099a8057")"},
                    Change{"sub", R"("01890a5d-ac96-774b-bcce-b302099a805")"},
                    Change{"sub", R"("01890a5d-ac96-774b-bcce-b302099a80577")"},
                    Change{"sub", R"("01890a5d-ac96-774b-bcce-b302099a805g")"},
                    Change{"sub", R"("01890a5d-ac96-774b-bcce-b302099a8057\u0000")"},
                    Change{"sub", R"(["01890a5d-ac96-774b-bcce-b302099a8057"])"}, Change{"sid", ""},
                    Change{"sid", "null"}, Change{"sid", R"("session")"}, Change{"jti", ""},
                    Change{"jti", "7"}, Change{"username", ""}, Change{"username", "7"}),
    name_of_change);

INSTANTIATE_TEST_SUITE_P(Parties, ForgedClaims,
                         testing::Values(Change{"iss", ""}, Change{"iss", R"("other")"},
                                         Change{"iss", R"("Userd")"}, Change{"iss", R"("userd ")"},
                                         Change{"iss", R"("userd\u0000")"}, Change{"iss", "null"},
                                         Change{"iss", "1"}, Change{"aud", ""},
                                         Change{"aud", R"("other")"}, Change{"aud", R"(["userd"])"},
                                         Change{"aud", R"(["userd","other"])"},
                                         Change{"aud", R"("userd,other")"}, Change{"aud", "null"}),
                         name_of_change);

TEST(Claims, AtTheirLimitsAreTaken) {
    for (const Change& change : {Change{"exp", "1800000001"}, Change{"exp", "253402300799"},
                                 Change{"iat", "0"}, Change{"iat", "1800000060"}}) {
        Members members = good_members();
        members[change.claim] = change.value;
        EXPECT_TRUE(is_taken(members)) << change.claim << " " << change.value;
    }
}

TEST(Claims, OfAnotherServiceWithTheSameKeyAreRefused) {
    TokenSettings settings;
    settings.issuer = "https://users.example";
    settings.audience = "shop";
    const Tokens other(settings, kKeys);
    const Tokens ours(TokenSettings{}, kKeys);
    const std::string token =
        other.make_access(*UserId::parse(kUser), *SessionId::parse(kSession), "ada", kNow);
    EXPECT_TRUE(other.check_access(token, kNow));
    EXPECT_FALSE(ours.check_access(token, kNow));
}

TEST(Claims, AreWrittenSoThatAnyNameReadsBack) {
    const Tokens tokens(TokenSettings{}, kKeys);
    for (const std::string name :
         {"a\"b\\c", R"(","sub":"x)", "\xc3\xa4 \xf0\x9f\x98\x80", "\x01\n\t\x7f", ""}) {
        const auto claims = tokens.check_access(
            tokens.make_access(*UserId::parse(kUser), *SessionId::parse(kSession), name, kNow),
            kNow);
        ASSERT_TRUE(claims) << name;
        EXPECT_EQ(claims->username, name);
        EXPECT_EQ(claims->user.to_string(), kUser);
    }
}

TEST(Claims, TwoAccessTokensOfOneSecondDiffer) {
    const Tokens tokens(TokenSettings{}, kKeys);
    const auto make = [&] {
        return tokens.make_access(*UserId::parse(kUser), *SessionId::parse(kSession), "ada", kNow);
    };
    EXPECT_NE(make(), make());
}

}  // namespace
}  // namespace userd
