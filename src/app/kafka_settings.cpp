#include "app/kafka_settings.hpp"

namespace userd {
namespace {

/// How often replicas look for what others wrote.
constexpr std::chrono::milliseconds kPoll{50};
/// No commit tells of audit events, so that those who do not want them pay nothing.
constexpr std::chrono::milliseconds kAuditPoll{200};

/// Whether several processes may serve one database, so that one must fence another.
bool has_replicas(const Settings& settings) {
    return std::holds_alternative<PostgresLocation>(settings.database);
}

}  // namespace

KafkaSettings kafka_settings_of(const Settings& settings) {
    KafkaSettings kafka;
    kafka.brokers = settings.kafka_brokers;
    kafka.topic = settings.kafka_topic;
    kafka.source = settings.event_source;
    kafka.create_topic = settings.kafka_create_topic;
    kafka.transactional = has_replicas(settings);
    kafka.properties = settings.kafka_properties;
    return kafka;
}

KafkaSettings reading_settings_of(const Settings& settings) {
    if (settings.kafka_brokers.empty())
        throw std::runtime_error("KAFKA_BOOTSTRAP_SERVERS is not set: there is no topic to read");
    return kafka_settings_of(settings);
}

RelaySettings relay_settings_of(const Settings& settings) {
    RelaySettings relay;
    if (has_replicas(settings)) relay.poll = kPoll;
    relay.topic = settings.kafka_topic;
    return relay;
}

KafkaSettings audit_kafka_settings_of(const Settings& settings) {
    KafkaSettings kafka = kafka_settings_of(settings);
    kafka.topic = settings.kafka_audit_topic;
    return kafka;
}

RelaySettings audit_relay_settings_of(const Settings& settings) {
    RelaySettings relay;
    relay.poll = kAuditPoll;
    relay.topic = settings.kafka_audit_topic;
    return relay;
}

}  // namespace userd
