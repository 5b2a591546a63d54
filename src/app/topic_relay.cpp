#include "app/topic_relay.hpp"

#include <utility>

#include "app/kafka_settings.hpp"
#include "events/topic_schema.hpp"

namespace userd {
namespace {

std::unique_ptr<SchemaStart> schema_start(const Settings& settings, TopicSchema schema,
                                          std::string topic_setting,
                                          const boost::asio::any_io_executor& executor) {
    if (settings.schema_registry.url.empty()) return nullptr;
    return std::make_unique<SchemaStart>(settings.schema_registry, std::move(schema),
                                         std::move(topic_setting), executor);
}

}  // namespace

TopicRelay::TopicRelay(Outbox& outbox, const KafkaSettings& kafka, const RelaySettings& relay,
                       std::unique_ptr<SchemaStart> schema,
                       const boost::asio::any_io_executor& executor)
    : schema_(std::move(schema)),
      relay_(
          outbox,
          [this, kafka, executor] {
              KafkaSettings settings = kafka;
              if (schema_) settings.value_prefix = schema_->value_prefix();
              return make_kafka_publisher(settings, executor,
                                          [this](const BrokerError& error) { relay_.note(error); });
          },
          relay) {}

Task<void> TopicRelay::ask_first() {
    if (schema_) co_await schema_->ask_first();
}

Task<void> TopicRelay::run() {
    bool may_send = true;
    if (schema_) may_send = co_await schema_->run();
    if (may_send) co_await relay_.run();
}

void TopicRelay::stop_asking() {
    if (schema_) schema_->stop();
}

void TopicRelay::stop() {
    stop_asking();
    relay_.stop();
}

std::string TopicRelay::state() const {
    // Without the reason, which may name hosts: everyone may read this.
    if (schema_ && !schema_->is_registered())
        return "trouble: the schema registry gives no id; events wait in the outbox";
    const RelayStats stats = relay_.stats();
    if (!stats.last_error.empty()) return "trouble: " + stats.last_error;
    if (stats.standby) return "another replica sends";
    return stats.connected ? "connected" : "connecting";
}

std::unique_ptr<TopicRelay> make_user_relay(const Settings& settings, Outbox& outbox,
                                            const boost::asio::any_io_executor& executor) {
    if (settings.kafka_brokers.empty()) return nullptr;
    auto schema =
        schema_start(settings, user_schema(settings.kafka_topic), "KAFKA_USER_TOPIC", executor);
    return std::make_unique<TopicRelay>(outbox, kafka_settings_of(settings),
                                        relay_settings_of(settings), std::move(schema), executor);
}

std::unique_ptr<TopicRelay> make_audit_relay(const Settings& settings, Outbox& outbox,
                                             const boost::asio::any_io_executor& executor) {
    if (settings.kafka_brokers.empty() || settings.kafka_audit_topic.empty()) return nullptr;
    auto schema = schema_start(settings, audit_schema(settings.kafka_audit_topic),
                               "KAFKA_AUDIT_TOPIC", executor);
    return std::make_unique<TopicRelay>(outbox, audit_kafka_settings_of(settings),
                                        audit_relay_settings_of(settings), std::move(schema),
                                        executor);
}

}  // namespace userd
