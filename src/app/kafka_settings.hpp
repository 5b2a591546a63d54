#pragma once

#include "app/settings.hpp"
#include "events/kafka_publisher.hpp"
#include "events/relay.hpp"

namespace userd {

[[nodiscard]] KafkaSettings kafka_settings_of(const Settings& settings);
[[nodiscard]] RelaySettings relay_settings_of(const Settings& settings);

}  // namespace userd
