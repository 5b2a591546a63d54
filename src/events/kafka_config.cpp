#include "events/kafka_config.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "events/kafka_producer.hpp"

namespace userd {
namespace {

/// What order and delivery rest on, under all of librdkafka's names for it.
constexpr std::string_view kRefused[] = {
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "enable.gapless.guarantee",
    "partitioner",
    "transactional.id",
    "transaction.timeout.ms",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "retries",
    "message.send.max.retries",
    "queuing.strategy",
    "delivery.report.only.error",
    "dr.msg.cb",
    "dr.cb",
    "bootstrap.servers",
    "metadata.broker.list",
    "test.mock.num.brokers",
};

constexpr std::pair<const char*, const char*> kOurs[] = {
    {"enable.idempotence", "true"},
    // With more, librdkafka takes an uncertain request for delivered once a later one succeeds.
    // That is true only of brokers that check the order of requests.
    {"max.in.flight", "1"},
    {"partitioner", "murmur2_random"},
    {"message.timeout.ms", "0"},
    {"socket.nagle.disable", "true"},
    {"queue.buffering.max.messages", "50000"},
};

/// For a transactional producer; librdkafka 2.0.2 takes no message timeout above the transaction's.
/// A broker that is away for longer costs a new producer and no event. After a process that died
/// read_committed consumers wait at most this long for what it left open, if no other takes over.
constexpr std::pair<const char*, const char*> kTransactional[] = {
    {"transaction.timeout.ms", "60000"},
    {"message.timeout.ms", "60000"},
};

/// For a consumer. librdkafka takes offsets back to no broker without a group, if told so. A
/// question for an offset waits on the same connection until the broker has answered what is being
/// fetched.
constexpr std::pair<const char*, const char*> kConsumer[] = {
    {"client.id", "userd-tools"},     {"isolation.level", "read_committed"},
    {"enable.partition.eof", "true"}, {"enable.auto.commit", "false"},
    {"auto.commit.enable", "false"},  {"allow.auto.create.topics", "false"},
    {"fetch.wait.max.ms", "50"},
};

/// Kept unless the user sets another.
constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"client.id", "userd"},
    {"compression.type", "lz4"},
    // An event that is alone waits for no other; a backlog fills its batches while others are out.
    {"linger.ms", "0"},
    {"reconnect.backoff.max.ms", "2000"},
    // How long a topic that no broker knows may still come, before events to it fail.
    {"topic.metadata.propagation.max.ms", "5000"},
};

std::string variable_of(const std::string& property) {
    std::string name = "KAFKA_" + property;
    for (char& c : name) {
        if (c == '.') c = '_';
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return name;
}

/// Some of librdkafka's reasons have one.
std::string without_line_end(std::string text) {
    while (text.ends_with('\n'))
        text.pop_back();
    return text;
}

/// The variable that librdkafka's reason is about, by the property's name or its value.
std::string culprit(const KafkaSettings& settings, const std::string& reason) {
    for (const auto& [name, value] : settings.properties)
        if (reason.find(name) != reason.npos) return variable_of(name);
    for (const auto& [name, value] : settings.properties)
        if (!value.empty() && reason.find(value) != reason.npos) return variable_of(name);
    return "KAFKA_*";
}

void set(rd_kafka_conf_t* config, const std::string& name, const std::string& value) {
    std::array<char, 512> reason{};
    if (rd_kafka_conf_set(config, name.c_str(), value.c_str(), reason.data(), reason.size()) !=
        RD_KAFKA_CONF_OK)
        throw std::runtime_error(variable_of(name) + ": " + without_line_end(reason.data()));
}

}  // namespace

KafkaConfig make_kafka_config(const KafkaSettings& settings) {
    KafkaConfig config(rd_kafka_conf_new(), rd_kafka_conf_destroy);
    for (const auto& [name, value] : kDefaults)
        set(config.get(), name, value);
    for (const auto& [name, value] : settings.properties) {
        for (const std::string_view refused : kRefused)
            if (name == refused)
                throw std::runtime_error(
                    variable_of(name) +
                    ": is fixed, since delivery and order rest on it; remove it");
        set(config.get(), name, value);
    }
    for (const auto& [name, value] : kOurs)
        set(config.get(), name, value);
    if (settings.transactional) {
        for (const auto& [name, value] : kTransactional)
            set(config.get(), name, value);
        // Of the topic, since whoever sends to it next must fence this one.
        set(config.get(), "transactional.id", "userd." + settings.topic);
    }
    if (!settings.brokers.empty()) set(config.get(), "bootstrap.servers", settings.brokers);
    return config;
}

KafkaConfig make_consumer_config(const KafkaSettings& settings) {
    KafkaConfig config(rd_kafka_conf_new(), rd_kafka_conf_destroy);
    for (const auto& [name, value] : settings.properties)
        if (std::find(std::begin(kRefused), std::end(kRefused), name) == std::end(kRefused))
            set(config.get(), name, value);
    for (const auto& [name, value] : kConsumer)
        set(config.get(), name, value);
    set(config.get(), "bootstrap.servers", settings.brokers);
    return config;
}

std::string try_kafka_settings(const KafkaSettings& settings) {
    KafkaSettings alone = settings;
    alone.brokers.clear();
    try {
        (void)kafka::make_producer(make_kafka_config(alone));
        return {};
    } catch (const std::runtime_error& error) {
        const std::string reason = without_line_end(error.what());
        return culprit(settings, reason) + ": " + reason;
    }
}

std::string check_kafka_settings(const KafkaSettings& settings) {
    try {
        (void)make_kafka_config(settings);
        return {};
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

}  // namespace userd
