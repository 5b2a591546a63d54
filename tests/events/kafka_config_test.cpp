#include "events/kafka_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

namespace userd {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

KafkaSettings with(const std::string& property, const std::string& value) {
    KafkaSettings settings;
    settings.properties[property] = value;
    return settings;
}

std::string get(const KafkaConfig& config, const char* property) {
    char value[512] = "";
    std::size_t size = sizeof value;
    return rd_kafka_conf_get(config.get(), property, value, &size) == RD_KAFKA_CONF_OK
               ? value
               : "(unknown)";
}

std::string effective(const KafkaSettings& settings, const char* property) {
    return get(make_kafka_config(settings), property);
}

TEST(KafkaConfig, DeliversAtLeastOnceAndInOrder) {
    const KafkaConfig config = make_kafka_config({});
    EXPECT_EQ(get(config, "enable.idempotence"), "true");
    EXPECT_EQ(get(config, "partitioner"), "murmur2_random");
    EXPECT_EQ(get(config, "message.timeout.ms"), "0");
    EXPECT_EQ(get(config, "socket.nagle.disable"), "true");
    EXPECT_EQ(get(config, "compression.type"), "lz4");
    EXPECT_EQ(get(config, "acks"), "-1");
}

TEST(KafkaConfig, TransactionsFenceWhoeverSendsToTheSameTopic) {
    KafkaSettings settings;
    settings.topic = "orders";
    EXPECT_EQ(effective(settings, "transactional.id"), effective({}, "transactional.id"));
    settings.transactional = true;
    EXPECT_EQ(effective(settings, "transactional.id"), "userd.orders");
    EXPECT_EQ(effective(settings, "enable.idempotence"), "true");
    // librdkafka takes no longer timeout for a message, and no producer without.
    EXPECT_EQ(effective(settings, "message.timeout.ms"),
              effective(settings, "transaction.timeout.ms"));
}

TEST(KafkaConfig, BrokersAreTheSettings) {
    KafkaSettings settings;
    settings.brokers = "a:9092,b:9092";
    EXPECT_EQ(effective(settings, "bootstrap.servers"), "a:9092,b:9092");
}

TEST(KafkaConfig, UsersPropertiesBeatOurDefaults) {
    EXPECT_EQ(effective(with("compression.type", "zstd"), "compression.type"), "zstd");
    EXPECT_EQ(effective(with("compression.codec", "none"), "compression.type"), "none");
    EXPECT_EQ(effective(with("linger.ms", "50"), "linger.ms"), "50");
    EXPECT_EQ(effective(with("client.id", "shop"), "client.id"), "shop");
    EXPECT_EQ(effective(with("security.protocol", "sasl_ssl"), "security.protocol"), "sasl_ssl");
}

TEST(KafkaConfig, WhatIsOursStaysOurs) {
    EXPECT_EQ(effective(with("socket.nagle.disable", "false"), "socket.nagle.disable"), "true");
    EXPECT_EQ(effective(with("queue.buffering.max.messages", "1"), "queue.buffering.max.messages"),
              effective({}, "queue.buffering.max.messages"));
}

class FixedProperties : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(FixedProperties, AreRefusedInOneLineThatNamesTheVariable) {
    const auto& [property, variable] = GetParam();
    const std::string refusal = check_kafka_settings(with(property, "1"));
    EXPECT_THAT(refusal, StartsWith(std::string(variable) + ": "));
    EXPECT_THAT(refusal, Not(HasSubstr("\n")));
    EXPECT_THROW((void)make_kafka_config(with(property, "1")), std::runtime_error);
}

INSTANTIATE_TEST_SUITE_P(
    All, FixedProperties,
    testing::Values(std::pair("acks", "KAFKA_ACKS"),
                    std::pair("request.required.acks", "KAFKA_REQUEST_REQUIRED_ACKS"),
                    std::pair("enable.idempotence", "KAFKA_ENABLE_IDEMPOTENCE"),
                    std::pair("enable.gapless.guarantee", "KAFKA_ENABLE_GAPLESS_GUARANTEE"),
                    std::pair("partitioner", "KAFKA_PARTITIONER"),
                    std::pair("transactional.id", "KAFKA_TRANSACTIONAL_ID"),
                    std::pair("transaction.timeout.ms", "KAFKA_TRANSACTION_TIMEOUT_MS"),
                    std::pair("message.timeout.ms", "KAFKA_MESSAGE_TIMEOUT_MS"),
                    std::pair("delivery.timeout.ms", "KAFKA_DELIVERY_TIMEOUT_MS"),
                    std::pair("max.in.flight", "KAFKA_MAX_IN_FLIGHT"),
                    std::pair("max.in.flight.requests.per.connection",
                              "KAFKA_MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION"),
                    std::pair("retries", "KAFKA_RETRIES"),
                    std::pair("message.send.max.retries", "KAFKA_MESSAGE_SEND_MAX_RETRIES"),
                    std::pair("queuing.strategy", "KAFKA_QUEUING_STRATEGY"),
                    std::pair("delivery.report.only.error", "KAFKA_DELIVERY_REPORT_ONLY_ERROR"),
                    std::pair("bootstrap.servers", "KAFKA_BOOTSTRAP_SERVERS"),
                    std::pair("metadata.broker.list", "KAFKA_METADATA_BROKER_LIST"),
                    std::pair("test.mock.num.brokers", "KAFKA_TEST_MOCK_NUM_BROKERS")));

/// Every property that librdkafka documents, aliases too.
std::set<std::string> known_properties() {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* out = ::open_memstream(&text, &size);
    rd_kafka_conf_properties_show(out);
    std::fclose(out);
    std::istringstream lines{std::string(text, size)};
    std::free(text);
    std::set<std::string> names;
    for (std::string line; std::getline(lines, line);) {
        const std::string name = line.substr(0, line.find(' '));
        if (line.find(" | ") != std::string::npos && name.find_first_of("-|") == std::string::npos)
            names.insert(name);
    }
    return names;
}

// A property that is not refused, under whatever name, leaves what delivery and order rest on.
TEST(KafkaConfig, NoPropertyWeakensDelivery) {
    constexpr const char* kGuarded[] = {"acks",
                                        "enable.idempotence",
                                        "partitioner",
                                        "message.timeout.ms",
                                        "retries",
                                        "max.in.flight",
                                        "queuing.strategy",
                                        "enable.gapless.guarantee",
                                        "transactional.id",
                                        "transaction.timeout.ms"};
    const KafkaConfig untouched = make_kafka_config({});
    const std::set<std::string> properties = known_properties();
    ASSERT_GT(properties.size(), 100U);
    ASSERT_EQ(properties.count("message.send.max.retries"), 1U);
    std::size_t taken = 0;
    for (const std::string& property : properties)
        for (const char* const value : {"0", "1", "5", "false", "true", "random", "lifo", "x"}) {
            const KafkaSettings settings = with(property, value);
            if (!check_kafka_settings(settings).empty()) continue;
            ++taken;
            const KafkaConfig config = make_kafka_config(settings);
            for (const char* const guarded : kGuarded)
                EXPECT_EQ(get(config, guarded), get(untouched, guarded))
                    << property << "=" << value << " changes " << guarded;
        }
    EXPECT_GT(taken, 100U);
}

TEST(KafkaConfig, UnknownPropertiesAndValuesAreRefusedInOneLineThatNamesTheVariable) {
    for (const auto& [property, value, variable] :
         {std::tuple("no.such.thing", "1", "KAFKA_NO_SUCH_THING"),
          std::tuple("security.protocol", "carrier-pigeon", "KAFKA_SECURITY_PROTOCOL"),
          std::tuple("linger.ms", "soon", "KAFKA_LINGER_MS"),
          std::tuple("linger.ms", "-1", "KAFKA_LINGER_MS"),
          std::tuple("dr_msg_cb", "0", "KAFKA_DR_MSG_CB")}) {
        const std::string refusal = check_kafka_settings(with(property, value));
        EXPECT_THAT(refusal, StartsWith(std::string(variable) + ": ")) << property;
        EXPECT_THAT(refusal, Not(HasSubstr("\n"))) << property;
    }
    EXPECT_EQ(check_kafka_settings({}), "");
    EXPECT_EQ(check_kafka_settings(with("sasl.password", "x")), "");
}

}  // namespace
}  // namespace userd
