#include "app/kafka_settings.hpp"

namespace userd {

KafkaSettings kafka_settings_of(const Settings& settings) {
    KafkaSettings kafka;
    kafka.brokers = settings.kafka_brokers;
    kafka.topic = settings.kafka_topic;
    kafka.source = settings.event_source;
    kafka.create_topic = settings.kafka_create_topic;
    kafka.properties = settings.kafka_properties;
    return kafka;
}

}  // namespace userd
