#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <set>

namespace userd {
namespace {

TEST(Ids, Version7WithTimeFirst) {
    const UserId id = UserId::make(from_unix_millis(0x0123456789AB));
    const std::string text = id.to_string();
    EXPECT_EQ(text.substr(0, 13), "01234567-89ab");
    EXPECT_EQ(text[14], '7');
    EXPECT_NE(std::string_view("89ab").find(text[19]), std::string_view::npos);
}

TEST(Ids, TextFormReadsBack) {
    const UserId id = UserId::make(system_now());
    EXPECT_EQ(UserId::parse(id.to_string()), id);
}

TEST(Ids, SortByTime) {
    EXPECT_LT(UserId::make(from_unix_millis(1000)), UserId::make(from_unix_millis(1001)));
}

TEST(Ids, AreNotRepeated) {
    std::set<UserId> ids;
    for (int i = 0; i < 10000; ++i)
        ids.insert(UserId::make(from_unix_millis(1)));
    EXPECT_EQ(ids.size(), 10000U);
}

TEST(Ids, OtherSpellingsAreRefused) {
    const std::string good = "01890a5d-ac96-774b-bcce-b302099a8057";
    EXPECT_TRUE(Uuid::parse(good));
    for (const std::string_view bad :
         {"", "01890A5D-ac96-774b-bcce-b302099a8057", "01890a5dac96-774b-bcce-b302099a80570",
          "{01890a5d-ac96-774b-bcce-b302099a805}", "01890a5d-ac96-774b-bcce-b302099a805g",
          "01890a5d-ac96-774b-bcce-b302099a80577", "01890a5d-ac96-774b-bcce_b302099a8057"})
        EXPECT_FALSE(Uuid::parse(bad)) << bad;
}

}  // namespace
}  // namespace userd
