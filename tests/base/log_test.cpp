#include "base/log.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace userd::log {
namespace {

constexpr std::string_view kTime = "2026-01-01T00:00:00.000Z";

TEST(Log, InputCannotForgeASecondLine) {
    for (const Format format : {Format::text, Format::json}) {
        const std::string line =
            render(format, Level::info, kTime, "login\nforged",
                   {{"user", "eve\r\n2026 info admin=true"}, {"esc", "\x1b[2J\x7f"}});
        EXPECT_EQ(line.find_first_of("\r\n\x1b\x7f"), std::string::npos) << line;
    }
}

TEST(Log, TextFieldsCannotBeForgedBySpacesOrEquals) {
    EXPECT_EQ(
        render(Format::text, Level::warning, kTime, "m", {{"user", "eve admin=true"}, {"n", 3}}),
        "2026-01-01T00:00:00.000Z warning m user=\"eve admin=true\" n=3");
}

TEST(Log, JsonLinesAreJson) {
    const std::string line =
        render(Format::json, Level::error, kTime, "say \"hi\"",
               {{"path", "/a\\b"}, {"status", 200}, {"ok", true}, {"ms", 1.5}});
    const auto value = boost::json::parse(line).as_object();
    EXPECT_EQ(value.at("message").as_string(), "say \"hi\"");
    EXPECT_EQ(value.at("path").as_string(), "/a\\b");
    EXPECT_EQ(value.at("status").as_int64(), 200);
    EXPECT_TRUE(value.at("ok").as_bool());
}

}  // namespace
}  // namespace userd::log
