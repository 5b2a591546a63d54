#pragma once

#include "app/settings.hpp"
#include "events/kafka_publisher.hpp"
#include "events/relay.hpp"

namespace userd {

[[nodiscard]] KafkaSettings kafka_settings_of(const Settings& settings);
/// For who reads the topic; std::runtime_error when no broker is set.
[[nodiscard]] KafkaSettings reading_settings_of(const Settings& settings);
[[nodiscard]] RelaySettings relay_settings_of(const Settings& settings);

}  // namespace userd
