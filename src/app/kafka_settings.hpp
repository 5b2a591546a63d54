#pragma once

#include "app/settings.hpp"
#include "events/kafka_publisher.hpp"

namespace userd {

[[nodiscard]] KafkaSettings kafka_settings_of(const Settings& settings);

}  // namespace userd
