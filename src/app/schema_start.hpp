#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "app/trouble.hpp"
#include "async/notification.hpp"
#include "async/task.hpp"
#include "events/schema_registry.hpp"

namespace userd {

/// Has the schema of a topic registered before the first of its events is sent. The coroutines run
/// on `executor`; the rest is thread-safe.
class SchemaStart {
  public:
    /// `topic_setting` names the topic: "KAFKA_USER_TOPIC".
    SchemaStart(const SchemaRegistrySettings& registry, TopicSchema schema,
                std::string topic_setting, const boost::asio::any_io_executor& executor);
    ~SchemaStart();
    SchemaStart(const SchemaStart&) = delete;
    SchemaStart& operator=(const SchemaStart&) = delete;

    /// Asks once. std::runtime_error with one line when the registry refuses the schema; a registry
    /// that is away, or in trouble, is run()'s business.
    Task<void> ask_first();
    /// Asks until the schema is registered, since users must be served meanwhile; a refusal, too,
    /// is asked about again. False when stopped before.
    Task<bool> run();
    void stop();

    [[nodiscard]] bool is_registered() const { return id_ != 0; }
    /// Of the values, once registered.
    [[nodiscard]] std::string value_prefix() const;

  private:
    Task<SchemaRegistration> ask();
    [[nodiscard]] std::string describe(const SchemaRegistration& failed) const;

    const SchemaRegistrySettings& registry_;
    const TopicSchema schema_;
    const std::string topic_setting_;
    Trouble trouble_{"the schema registry"};
    std::shared_ptr<Notification> stopped_;
    std::stop_source stop_;
    std::atomic<std::int32_t> id_{0};  ///< 0: none yet
    std::thread asking_;               ///< for one request, which blocks
};

}  // namespace userd
