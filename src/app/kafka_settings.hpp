#pragma once

#include "app/settings.hpp"
#include "events/kafka_publisher.hpp"
#include "events/relay.hpp"

namespace userd {

/// For the topic of the users' events.
[[nodiscard]] KafkaSettings kafka_settings_of(const Settings& settings);
/// For who reads the topic; std::runtime_error when no broker is set.
[[nodiscard]] KafkaSettings reading_settings_of(const Settings& settings);
[[nodiscard]] RelaySettings relay_settings_of(const Settings& settings);
/// For KAFKA_AUDIT_TOPIC, which is set.
[[nodiscard]] KafkaSettings audit_kafka_settings_of(const Settings& settings);
[[nodiscard]] RelaySettings audit_relay_settings_of(const Settings& settings);

}  // namespace userd
