#include "events/topic_table.hpp"

#include <gmock/gmock.h>

#include "events/codec.hpp"

namespace userd {
namespace {

using testing::HasSubstr;

const Timestamp kTime = from_unix_millis(1'700'000'000'250);

Event event_of(UserId user, std::int64_t version) {
    Event event;
    event.id = EventId::make(kTime);
    event.user = user;
    event.type = version == 1 ? EventType::user_registered : EventType::user_updated;
    event.version = version;
    event.time = kTime;
    event.state = UserState{"ada", "ada@example.org", kTime, kTime, false};
    return event;
}

TopicRecord record_of(const Event& event) {
    Record record = encode(event, "here");
    return {0, 0, record.key, record.value, record.headers};
}

TopicRecord without(TopicRecord record, const std::string& header) {
    std::erase_if(record.headers, [&](const auto& each) { return each.first == header; });
    return record;
}

StoredUser stored(const Event& event, bool waiting = false) {
    StoredUser user;
    user.user = event.user;
    user.version = event.version;
    user.id = event.id;
    user.fingerprint = fingerprint_of(event.state);
    user.deleted = event.type == EventType::user_deleted;
    user.waiting = waiting;
    return user;
}

TEST(TopicRecord, ReadsWhatTheRelayWrites) {
    const Event event = event_of(UserId::make(kTime), 2);
    const auto change = decode(record_of(event));
    ASSERT_TRUE(change);
    EXPECT_EQ(change->user, event.user);
    EXPECT_EQ(change->id, event.id);
    EXPECT_EQ(change->version, 2);
    EXPECT_EQ(change->type, "user.updated");
    EXPECT_EQ(change->time, rfc3339(kTime));
    ASSERT_TRUE(change->state);
    EXPECT_EQ(change->state->email, "ada@example.org");
    EXPECT_EQ(fingerprint_of(change->state), fingerprint_of(event.state))
        << "the database's milliseconds make no difference";
}

TEST(TopicRecord, ReadsTheConfluentWireFormat) {
    const Event event = event_of(UserId::make(kTime), 2);
    TopicRecord record = record_of(event);
    record.value = std::string("\0\0\0\0\x07\0", 6) + *record.value;
    const auto change = decode(record);
    ASSERT_TRUE(change);
    EXPECT_EQ(fingerprint_of(change->state), fingerprint_of(event.state));
}

TEST(TopicRecord, IsForeignWithoutOurKeyHeadersAndValue) {
    const TopicRecord good = record_of(event_of(UserId::make(kTime), 2));
    ASSERT_TRUE(decode(good));
    for (const char* header : {"ce_id", "ce_sequence", "ce_type"})
        EXPECT_FALSE(decode(without(good, header))) << header;
    TopicRecord bad = good;
    bad.key = "ada";
    EXPECT_FALSE(decode(bad));
    bad = good;
    bad.key = UserId::make(kTime).to_string();
    EXPECT_FALSE(decode(bad)) << "the value is another user's";
    bad = good;
    for (const char* value : {"", "\0", "text", "\xff\xff\xff"}) {
        bad.value = value;
        EXPECT_FALSE(decode(bad));
    }
}

TEST(TopicRecord, FingerprintTellsEveryField) {
    const UserState state{"ada", "ada@example.org", kTime, kTime, false};
    std::vector<UserState> others(5, state);
    others[0].username = "bob";
    others[1].email = "bob@example.org";
    others[2].created_at -= std::chrono::seconds(1);
    others[3].updated_at += std::chrono::seconds(1);
    others[4].disabled = true;
    for (const UserState& other : others)
        EXPECT_NE(fingerprint_of(other), fingerprint_of(state));
    EXPECT_EQ(fingerprint_of(std::nullopt), Fingerprint());
}

class TopicTableTest : public testing::Test {
  protected:
    void add(const Event& event) { table_.apply(decode(record_of(event)).value()); }
    Event write(std::int64_t version) {
        const Event event = event_of(user_, version);
        add(event);
        return event;
    }
    Event deletion(std::int64_t version) {
        Event event = event_of(user_, version);
        event.type = EventType::user_deleted;
        event.state.reset();
        return event;
    }
    Comparison compare_with(const StoredUser& user) { return compare(table_.find(user_), &user); }
    Comparison compare_with_nobody() { return compare(table_.find(user_), nullptr); }

    const UserId user_ = UserId::make(kTime);
    TopicTable table_;
};

TEST_F(TopicTableTest, NewestOfBothSidesAgree) {
    write(1);
    EXPECT_EQ(compare_with(stored(write(2))).agreement, Agreement::same);
    EXPECT_EQ(table_.size(), 1U);
}

TEST_F(TopicTableTest, ReplayedEventsThatRunOnToTheNewestAgree) {
    const Event first = write(1);
    const Event second = write(2);
    add(first);
    add(second);
    EXPECT_EQ(compare_with(stored(second)).agreement, Agreement::same);
}

TEST_F(TopicTableTest, TopicThatGoesBackInTimeDiffers) {
    const Event first = write(1);
    const Event second = write(2);
    add(first);
    const Comparison comparison = compare_with(stored(second));
    EXPECT_EQ(comparison.agreement, Agreement::differs);
    EXPECT_THAT(comparison.difference, HasSubstr("ends with version 1 behind version 2"));
}

TEST_F(TopicTableTest, WhatWaitsIsNotYetSentWhateverTheTopicHas) {
    const StoredUser waiting = stored(event_of(user_, 3), true);
    EXPECT_EQ(compare_with(waiting).agreement, Agreement::waiting);
    write(2);
    EXPECT_EQ(compare_with(waiting).agreement, Agreement::waiting);
}

TEST_F(TopicTableTest, MissingAndOlderAndUnknownUsersDiffer) {
    EXPECT_THAT(compare_with(stored(event_of(user_, 1))).difference, HasSubstr("not on the topic"));
    write(1);
    EXPECT_EQ(compare_with(stored(event_of(user_, 2))).agreement, Agreement::differs);
    EXPECT_THAT(compare_with_nobody().difference, HasSubstr("not in the database"));
}

TEST_F(TopicTableTest, NewerOnTheTopicIsAhead) {
    const Event first = write(1);
    write(2);
    EXPECT_EQ(compare_with(stored(first)).agreement, Agreement::ahead);
}

TEST_F(TopicTableTest, OtherContentAndOtherIdsDiffer) {
    const Event event = write(1);
    Event other = event;
    other.state->email = "other@example.org";
    EXPECT_THAT(compare_with(stored(other)).difference, HasSubstr("other content"));
    other = event;
    other.id = EventId::make(kTime);
    EXPECT_THAT(compare_with(stored(other)).difference, HasSubstr("another ce_id"));
}

TEST_F(TopicTableTest, DeletedUsersAgreeAlsoWhenTheTopicForgotThem) {
    const StoredUser gone = stored(deletion(2));
    EXPECT_EQ(compare_with(gone).agreement, Agreement::same);
    EXPECT_EQ(compare_with_nobody().agreement, Agreement::same);
    write(1);
    EXPECT_THAT(compare_with(gone).difference, HasSubstr("deleted in the database"));
    add(deletion(2));
    EXPECT_EQ(compare_with(gone).agreement, Agreement::same);
    EXPECT_EQ(compare_with_nobody().agreement, Agreement::same) << "the sweep forgot the deletion";
    EXPECT_THAT(compare_with(stored(event_of(user_, 2))).difference,
                HasSubstr("deleted on the topic"));
}

}  // namespace
}  // namespace userd
