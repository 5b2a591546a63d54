#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "app/schema_start.hpp"
#include "app/settings.hpp"
#include "async/task.hpp"
#include "events/kafka_publisher.hpp"
#include "events/relay.hpp"
#include "store/store.hpp"

namespace userd {

/// Sends the events of one topic: its relay and, with a schema registry, the schema before it. The
/// coroutines run on `executor`; the rest is thread-safe.
class TopicRelay {
  public:
    /// `schema` is null without a registry.
    TopicRelay(Outbox& outbox, const KafkaSettings& kafka, const RelaySettings& relay,
               std::unique_ptr<SchemaStart> schema, const boost::asio::any_io_executor& executor);

    /// As SchemaStart::ask_first(); nothing without a registry.
    Task<void> ask_first();
    /// Waits for the schema's id, then sends until stop().
    Task<void> run();
    void nudge() { relay_.nudge(); }
    /// Ends what asks the registry.
    void stop_asking();
    void stop();

    [[nodiscard]] RelayStats stats() const { return relay_.stats(); }
    /// One word, or "trouble: REASON".
    [[nodiscard]] std::string state() const;
    [[nodiscard]] const SchemaStart* schema() const { return schema_.get(); }

  private:
    std::unique_ptr<SchemaStart> schema_;
    Relay relay_;
};

/// Both are null when no broker is set.
[[nodiscard]] std::unique_ptr<TopicRelay> make_user_relay(
    const Settings& settings, Outbox& outbox, const boost::asio::any_io_executor& executor);
/// Null as well without KAFKA_AUDIT_TOPIC.
[[nodiscard]] std::unique_ptr<TopicRelay> make_audit_relay(
    const Settings& settings, Outbox& outbox, const boost::asio::any_io_executor& executor);

}  // namespace userd
