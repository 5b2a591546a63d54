#include "events/codec.hpp"

#include <algorithm>
#include <cctype>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include "events/topic_schema.hpp"
#include "events/wire.hpp"
#include "store/audit.hpp"
#include "userd/v1/security_event.pb.h"
#include "userd/v1/user.pb.h"

namespace userd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldDescriptorProto;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const char* const kUser = "01890a5d-ac96-774b-bcce-b302099a8057";
const char* const kEvent = "01890a5d-ac96-774b-bcce-b302099a8058";
const char* const kTraceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

Event event_of(EventType type) {
    Event event;
    event.sequence = 77;
    event.id = *EventId::parse(kEvent);
    event.type = type;
    event.user = *UserId::parse(kUser);
    event.version = 3;
    event.time = from_unix_millis(1'700'000'600'007);
    if (type != EventType::user_deleted)
        event.state = UserState{"Ada", "Ada@example.org", from_unix_millis(1'700'000'000'999),
                                from_unix_millis(1'700'000'600'001), false};
    return event;
}

Wire wire_of(const Event& event) {
    return Wire(encode(event, "userd").value.value());
}

TEST(Codec, FieldsHaveTheContractsNumbersTypesAndUnits) {
    const Wire wire = wire_of(event_of(EventType::user_updated));
    EXPECT_THAT(wire.numbers,
                ElementsAre(Pair(2, 1'700'000'000), Pair(7, 3), Pair(8, 1'700'000'600)));
    EXPECT_THAT(wire.texts,
                ElementsAre(Pair(3, "Ada"), Pair(4, "Ada@example.org"), Pair(6, kUser)));
}

TEST(Codec, DisabledIsTheNinthField) {
    Event event = event_of(EventType::user_updated);
    event.state->disabled = true;
    EXPECT_THAT(wire_of(event).numbers, ElementsAre(Pair(2, testing::_), Pair(7, testing::_),
                                                    Pair(8, testing::_), Pair(9, 1)));
}

TEST(Codec, TimesBefore1970AndFarAheadKeepTheirSeconds) {
    Event event = event_of(EventType::user_registered);
    event.state->created_at = from_unix_millis(-1);
    event.state->updated_at = from_unix_seconds(253'402'300'799);
    const Wire wire = wire_of(event);
    EXPECT_EQ(wire.numbers.at(2), -1);
    EXPECT_EQ(wire.numbers.at(8), 253'402'300'799);
}

TEST(Codec, NamesKeepTheirBytes) {
    Event event = event_of(EventType::user_registered);
    event.state->username = "J\xc3\xbcrgen \xf0\x9f\x98\x80";
    event.state->email = std::string(254, 'e');
    const Wire wire = wire_of(event);
    EXPECT_EQ(wire.texts.at(3), event.state->username);
    EXPECT_EQ(wire.texts.at(4), event.state->email);
}

TEST(Codec, TheOldIdAndPasswordCanNeverComeBack) {
    const auto* user = v1::User::descriptor();
    for (const int number : {1, 5}) {
        EXPECT_TRUE(user->IsReservedNumber(number)) << number;
        EXPECT_EQ(user->FindFieldByNumber(number), nullptr) << number;
    }
    for (const char* const name : {"id", "password"})
        EXPECT_TRUE(user->IsReservedName(name)) << name;
    for (const EventType type : {EventType::user_registered, EventType::user_updated})
        for (const bool disabled : {false, true}) {
            Event event = event_of(type);
            event.state->disabled = disabled;
            const Wire wire = wire_of(event);
            for (const int number : {1, 5})
                EXPECT_EQ(wire.numbers.count(number) + wire.texts.count(number), 0U) << number;
        }
}

/// What the replaced service's consumers were built with.
class OldConsumer {
  public:
    OldConsumer() {
        google::protobuf::FileDescriptorProto file;
        file.set_name("old.proto");
        file.set_syntax("proto3");
        auto* message = file.add_message_type();
        message->set_name("User");
        add(*message, 1, "id", FieldDescriptorProto::TYPE_INT32);
        add(*message, 2, "created_at", FieldDescriptorProto::TYPE_INT64);
        add(*message, 3, "username", FieldDescriptorProto::TYPE_STRING);
        add(*message, 4, "email", FieldDescriptorProto::TYPE_STRING);
        add(*message, 5, "password", FieldDescriptorProto::TYPE_STRING);
        user_ = pool_.BuildFile(file)->FindMessageTypeByName("User");
    }

    [[nodiscard]] std::unique_ptr<google::protobuf::Message> parse(const std::string& bytes) {
        std::unique_ptr<google::protobuf::Message> user(factory_.GetPrototype(user_)->New());
        if (!user->ParseFromString(bytes)) user.reset();
        return user;
    }
    [[nodiscard]] std::string text(const google::protobuf::Message& user, int number) const {
        return user.GetReflection()->GetString(user, user_->FindFieldByNumber(number));
    }
    [[nodiscard]] std::int64_t time(const google::protobuf::Message& user) const {
        return user.GetReflection()->GetInt64(user, user_->FindFieldByNumber(2));
    }

  private:
    static void add(google::protobuf::DescriptorProto& message, int number, const char* name,
                    FieldDescriptorProto::Type type) {
        auto* field = message.add_field();
        field->set_name(name);
        field->set_number(number);
        field->set_type(type);
        field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    }

    google::protobuf::DescriptorPool pool_;
    google::protobuf::DynamicMessageFactory factory_;
    const google::protobuf::Descriptor* user_ = nullptr;
};

TEST(Codec, OldConsumersReadWhatTheyKnow) {
    OldConsumer consumer;
    const auto user =
        consumer.parse(encode(event_of(EventType::user_registered), "userd").value.value());
    ASSERT_TRUE(user);
    EXPECT_EQ(consumer.time(*user), 1'700'000'000);
    EXPECT_EQ(consumer.text(*user, 3), "Ada");
    EXPECT_EQ(consumer.text(*user, 4), "Ada@example.org");
    EXPECT_EQ(consumer.text(*user, 5), "");
}

TEST(Codec, ADeletionHasNoValueSoThatCompactionForgetsTheUser) {
    Event event = event_of(EventType::user_deleted);
    const Record record = encode(event, "userd");
    EXPECT_EQ(record.key, kUser);
    EXPECT_FALSE(record.value.has_value());
    event.state = event_of(EventType::user_updated).state;
    EXPECT_FALSE(encode(event, "userd").value.has_value());
}

TEST(Codec, AChangeWithoutItsStateIsAFaultAndNoDeletion) {
    for (const EventType type : {EventType::user_registered, EventType::user_updated}) {
        Event event = event_of(type);
        event.state.reset();
        EXPECT_THROW((void)encode(event, "userd"), std::logic_error);
    }
}

class EventHeaders : public testing::TestWithParam<std::pair<EventType, const char*>> {};

TEST_P(EventHeaders, AreCloudEventsInBinaryModeAndNothingElse) {
    const Event event = event_of(GetParam().first);
    const Record record = encode(event, "https://users.example");
    EXPECT_EQ(record.key, kUser);
    EXPECT_THAT(
        record.headers,
        ElementsAre(Pair("ce_specversion", "1.0"), Pair("ce_id", kEvent),
                    Pair("ce_source", "https://users.example"), Pair("ce_type", GetParam().second),
                    Pair("ce_time", "2023-11-14T22:23:20.007Z"), Pair("ce_subject", kUser),
                    Pair("ce_sequence", "3"), Pair("content-type", "application/protobuf")));
}

TEST_P(EventHeaders, CarryTheTraceparentWhereTheRequestHadOne) {
    Event event = event_of(GetParam().first);
    const std::size_t without = encode(event, "userd").headers.size();
    event.traceparent = kTraceparent;
    const Record record = encode(event, "userd");
    ASSERT_EQ(record.headers.size(), without + 1);
    EXPECT_THAT(record.headers.back(), Pair("traceparent", kTraceparent));
}

TEST_P(EventHeaders, AreTheSameAtEachSending) {
    const Event event = event_of(GetParam().first);
    EXPECT_EQ(encode(event, "userd").headers, encode(event, "userd").headers);
    EXPECT_EQ(encode(event, "userd").value, encode(event, "userd").value);
}

INSTANTIATE_TEST_SUITE_P(EachType, EventHeaders,
                         testing::Values(std::pair(EventType::user_registered, "user.registered"),
                                         std::pair(EventType::user_updated, "user.updated"),
                                         std::pair(EventType::user_deleted, "user.deleted")));

TEST(Codec, APrefixComesBeforeTheSameBytesAndNeverBeforeATombstone) {
    const Event change = event_of(EventType::user_updated);
    const std::string bare = encode(change, "userd").value.value();
    EXPECT_EQ(encode(change, "userd", "prefix").value, "prefix" + bare);
    EXPECT_EQ(encode(change, "userd", "prefix").headers, encode(change, "userd").headers);
    EXPECT_FALSE(encode(event_of(EventType::user_deleted), "userd", "prefix").value.has_value());
}

TEST(TopicSchema, IsTheProtoFileAndLeadsToTheValuesMessage) {
    const google::protobuf::FileDescriptor* files[] = {v1::User::descriptor()->file(),
                                                       v1::SecurityEvent::descriptor()->file()};
    const TopicSchema schemas[] = {user_schema("users"), audit_schema("audit")};
    const std::string names[] = {"User", "SecurityEvent"};
    for (std::size_t i = 0; i < std::size(schemas); ++i) {
        const TopicSchema& schema = schemas[i];
        ASSERT_EQ(schema.message_index.size(), 1U);
        EXPECT_EQ(files[i]->message_type(schema.message_index.front())->name(), names[i]);
        EXPECT_EQ(schema.file, "proto/" + files[i]->name());
        EXPECT_THAT(std::string(schema.text), testing::HasSubstr("\nmessage " + names[i] + " {"));
    }
    EXPECT_EQ(schemas[0].subject(), "users-value");
    EXPECT_EQ(schemas[1].subject(), "audit-value");
}

std::string header(const Record& record, std::string_view name) {
    for (const auto& [each, value] : record.headers)
        if (each == name) return value;
    return "(none)";
}

TEST(AuditCodec, APrefixComesBeforeTheSameBytes) {
    AuditEvent audit;
    audit.reason = "logout";
    Event event;
    event.audit = std::make_shared<const AuditEvent>(audit);
    const Record bare = encode(event, "userd");
    const Record prefixed = encode(event, "userd", "prefix");
    EXPECT_EQ(prefixed.value, "prefix" + bare.value.value());
    EXPECT_EQ(prefixed.headers, bare.headers);
}

TEST(AuditCodec, ARecordHasTheEventAndNoMore) {
    AuditEvent event;
    event.time = from_unix_millis(1'700'000'000'123);
    event.id = EventId::make(event.time);
    event.type = AuditType::session_ended;
    event.user = UserId::make(event.time);
    event.session = SessionId::make(event.time);
    event.reason = "logout";
    const Record record = encode(event, "shop");
    EXPECT_EQ(record.key, event.user->to_string());
    v1::SecurityEvent message;
    ASSERT_TRUE(message.ParseFromString(record.value.value()));
    EXPECT_EQ(message.type(), v1::SecurityEvent::TYPE_SESSION_ENDED);
    EXPECT_EQ(message.time(), 1'700'000'000'123);
    EXPECT_EQ(message.user_id(), record.key);
    EXPECT_EQ(message.session_id(), event.session->to_string());
    EXPECT_EQ(message.reason(), "logout");
    EXPECT_EQ(message.client_network(), "");
    EXPECT_EQ(header(record, "ce_id"), event.id.to_string());
    EXPECT_EQ(header(record, "ce_type"), "security.session_ended");
    EXPECT_EQ(header(record, "ce_source"), "shop");
    EXPECT_EQ(header(record, "ce_subject"), record.key);
}

TEST(AuditCodec, OfNobodyThereIsNoKeyAndOfAKeyItIsTheSubject) {
    AuditEvent event;
    event.type = AuditType::login_failed;
    EXPECT_EQ(encode(event, "").key, "");
    EXPECT_EQ(header(encode(event, ""), "ce_subject"), "(none)");
    event.type = AuditType::key_changed;
    event.key = "kid";
    EXPECT_EQ(encode(event, "").key, "");
    EXPECT_EQ(header(encode(event, ""), "ce_subject"), "kid");
}

TEST(AuditCodec, EveryTypeIsStoredAndSentUnderTheSameName) {
    for (int number = 0; number < v1::SecurityEvent::Type_MAX; ++number) {
        AuditEvent event;
        event.type = static_cast<AuditType>(number);
        const std::string name(stored_name(event.type));
        EXPECT_EQ(parse_audit_type(name), event.type);
        v1::SecurityEvent message;
        ASSERT_TRUE(message.ParseFromString(encode(event, "").value.value()));
        std::string sent = v1::SecurityEvent::Type_Name(message.type()).substr(5);
        std::transform(sent.begin(), sent.end(), sent.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        EXPECT_EQ(sent, name);
    }
    EXPECT_THROW((void)parse_audit_type("nonsense"), std::runtime_error);
}

}  // namespace
}  // namespace userd
