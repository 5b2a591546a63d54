#include "app/events_text.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "app/progress.hpp"
#include "events/codec.hpp"

namespace userd {
namespace {

using testing::HasSubstr;

const Timestamp kNow = from_unix_seconds(1'800'000'000);

std::optional<Timestamp> since(std::string_view text) {
    return parse_since(text, kNow);
}

TEST(ParseSince, TakesADayAndATime) {
    EXPECT_EQ(since("1970-01-02"), from_unix_seconds(86'400));
    EXPECT_EQ(since("2026-01-31T09:05:07Z"), from_unix_seconds(1'769'850'307));
    EXPECT_EQ(since("2026-01-31 09:05:07Z"), from_unix_seconds(1'769'850'307));
    EXPECT_EQ(since("2026-01-31T09:05:07.250Z"), from_unix_millis(1'769'850'307'250));
    EXPECT_EQ(since("2026-01-31T09:05:07.2509Z"), from_unix_millis(1'769'850'307'250));
}

TEST(ParseSince, ReadsWhatUserdPrints) {
    const Timestamp time = from_unix_millis(1'769'850'307'042);
    EXPECT_EQ(since(rfc3339(time)), time);
}

TEST(ParseSince, AZoneAheadOfUtcIsEarlier) {
    EXPECT_EQ(since("1970-01-01T01:30:00+01:30"), from_unix_seconds(0));
    EXPECT_EQ(since("1970-01-01T00:00:00-01:00"), from_unix_seconds(3600));
}

TEST(ParseSince, TakesATimeAgo) {
    EXPECT_EQ(since("90s"), kNow - std::chrono::seconds(90));
    EXPECT_EQ(since("15m"), kNow - std::chrono::minutes(15));
    EXPECT_EQ(since("24h"), kNow - std::chrono::hours(24));
    EXPECT_EQ(since("7d"), kNow - std::chrono::days(7));
}

TEST(ParseSince, RefusesEverythingElse) {
    for (const char* text : {"",
                             "7",
                             "d",
                             "7w",
                             "-7d",
                             "7dd",
                             "99999999999999999999d",
                             "9000000000d",
                             "yesterday",
                             "2026",
                             "2026-1-31",
                             "2026-02-30",
                             "2026-01-31T",
                             "2026-01-31T09:05",
                             "2026-01-31T09:05:07",
                             "2026-01-31T24:00:00Z",
                             "2026-01-31T09:60:00Z",
                             "2026-01-31T09:05:07.Z",
                             "2026-01-31T09:05:07Zx",
                             "2026-01-31T09:05:07+1",
                             "2026-01-31x"})
        EXPECT_FALSE(since(text)) << text;
}

TopicRecord record_of(const Event& event) {
    Record record = encode(event, "here");
    return {1, 42, record.key, record.value, record.headers};
}

Event some_event() {
    Event event;
    event.id = EventId::make(kNow);
    event.user = UserId::make(kNow);
    event.type = EventType::user_updated;
    event.version = 3;
    event.time = kNow;
    event.state = UserState{"ada", "ada@example.org", kNow, kNow, true};
    return event;
}

TEST(DescribeRecord, TellsWhoWhatAndWhere) {
    const Event event = some_event();
    EXPECT_EQ(describe(record_of(event), false),
              rfc3339(kNow) + "  user.updated  user " + event.user.to_string() +
                  "  version 3  ada  ada@example.org  disabled  1:42\n");
}

TEST(DescribeRecord, DeletionHasNoState) {
    Event event = some_event();
    event.type = EventType::user_deleted;
    event.state.reset();
    EXPECT_EQ(
        describe(record_of(event), false),
        rfc3339(kNow) + "  user.deleted  user " + event.user.to_string() + "  version 3  1:42\n");
}

TEST(DescribeRecord, JsonHasTheSame) {
    const Event event = some_event();
    const boost::json::value line = boost::json::parse(describe(record_of(event), true));
    EXPECT_EQ(line.at("user"), boost::json::value(event.user.to_string()));
    EXPECT_EQ(line.at("id"), boost::json::value(event.id.to_string()));
    EXPECT_EQ(line.at("version"), boost::json::value(3));
    EXPECT_EQ(line.at("offset"), boost::json::value(42));
    EXPECT_EQ(line.at("username"), boost::json::value("ada"));
    EXPECT_EQ(line.at("disabled"), boost::json::value(true));
}

TEST(DescribeRecord, ControlBytesReachNoTerminal) {
    Event event = some_event();
    event.state->username = "a\x1b[2Jd\na";
    const std::string line = describe(record_of(event), false);
    EXPECT_THAT(line, HasSubstr("a?[2Jd?a"));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(DescribeRecord, WhatIsNotOfUserdIsNamedSo) {
    const TopicRecord foreign{2, 7, "key", "value", {}};
    EXPECT_EQ(describe(foreign, false), "a record that is not of userd  2:7\n");
    EXPECT_EQ(boost::json::parse(describe(foreign, true)).at("foreign"), boost::json::value(true));
}

TEST(ProgressLine, ShowsAShareOnlyOfAKnownTotal) {
    EXPECT_EQ(progress_line("Users", 12, 0), "Users  12");
    EXPECT_EQ(progress_line("Reading", 1, 2),
              "Reading  [###############...............]  50 %  1 of 2");
    EXPECT_EQ(progress_line("Reading", 3, 2),
              "Reading  [##############################]  100 %  2 of 2");
}

}  // namespace
}  // namespace userd
