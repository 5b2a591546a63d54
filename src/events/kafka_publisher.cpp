#include "events/kafka_publisher.hpp"

#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "base/log.hpp"
#include "events/codec.hpp"
#include "events/kafka_config.hpp"

namespace userd {
namespace {

constexpr std::size_t kReason = 512;

using Producer = std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)>;
using Queue = std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;

/// Drops what is in flight, so that destroying never waits for a broker.
void destroy(rd_kafka_t* producer) {
    rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                 RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy_flags(producer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Delivery::Outcome outcome_of(rd_kafka_resp_err_t error) {
    switch (static_cast<int>(error)) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return Delivery::Outcome::acknowledged;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_INVALID_MSG:
        case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
            return Delivery::Outcome::refused;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
            return Delivery::Outcome::topic_error;
        default:
            return Delivery::Outcome::failed;
    }
}

class KafkaPublisher : public Publisher {
  public:
    KafkaPublisher(const KafkaSettings& settings, boost::asio::any_io_executor executor,
                   std::function<void(const std::string&)> on_error)
        : settings_(settings),
          on_error_(std::move(on_error)),
          wakeup_(executor, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
          producer_(make_producer()),
          queue_(rd_kafka_queue_get_main(producer_.get()), rd_kafka_queue_destroy) {
        constexpr std::uint64_t kOne = 1;
        rd_kafka_queue_io_event_enable(queue_.get(), wakeup_.native_handle(), &kOne, sizeof kOne);
        if (settings_.create_topic) create_topic();
        warm_up();
    }

    bool send(const Event& event) override {
        const Record record = encode(event, settings_.source);
        rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
        for (const auto& [name, value] : record.headers)
            rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                                value.data(), static_cast<ssize_t>(value.size()));
        const void* value = record.value ? record.value->data() : nullptr;
        const std::size_t size = record.value ? record.value->size() : 0;
        const rd_kafka_resp_err_t error =
            rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(settings_.topic.c_str()),
                              RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
                              RD_KAFKA_V_VALUE(const_cast<void*>(value), size),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_OPAQUE(std::bit_cast<void*>(event.sequence)),
                              RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
        rd_kafka_headers_destroy(headers);
        if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
        early_.push_back({event.sequence, outcome_of(error), rd_kafka_err2str(error)});
        wake();
        return true;
    }

    std::vector<Delivery> poll() override {
        std::vector<Delivery> deliveries = std::exchange(early_, {});
        while (const KafkaEvent event{rd_kafka_queue_poll(queue_.get(), 0), rd_kafka_event_destroy})
            take(event.get(), deliveries);
        return deliveries;
    }

    Task<void> wait() override {
        std::uint64_t count = 0;
        co_await wakeup_.async_read_some(boost::asio::buffer(&count, sizeof count),
                                         boost::asio::as_tuple(boost::asio::use_awaitable));
    }

    void wake() override {
        constexpr std::uint64_t kOne = 1;
        // Fails only when the counter is full, and then a wait is due anyway.
        [[maybe_unused]] const ssize_t written =
            ::write(wakeup_.native_handle(), &kOne, sizeof kOne);
    }

  private:
    [[nodiscard]] Producer make_producer() const {
        KafkaConfig config = make_kafka_config(settings_);
        rd_kafka_conf_set_events(config.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
        rd_kafka_conf_set_log_cb(
            config.get(), [](const rd_kafka_t*, int level, const char* facility, const char* text) {
                constexpr int kSyslogWarning = 4;
                if (level <= kSyslogWarning)
                    log::debug("librdkafka", {{"facility", facility}, {"text", text}});
            });
        std::array<char, kReason> reason{};
        rd_kafka_t* made =
            rd_kafka_new(RD_KAFKA_PRODUCER, config.get(), reason.data(), reason.size());
        if (made == nullptr) throw std::runtime_error(std::string("kafka: ") + reason.data());
        (void)config.release();  // owned by the producer now
        return {made, destroy};
    }

    void take(rd_kafka_event_t* event, std::vector<Delivery>& deliveries) {
        switch (rd_kafka_event_type(event)) {
            case RD_KAFKA_EVENT_DR:
                while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event))
                    deliveries.push_back({std::bit_cast<std::int64_t>(message->_private),
                                          outcome_of(message->err),
                                          message->err == 0 ? "" : rd_kafka_err2str(message->err)});
                break;
            case RD_KAFKA_EVENT_ERROR:
                on_error_(std::string(rd_kafka_err2name(rd_kafka_event_error(event))) + ": " +
                          rd_kafka_event_error_string(event));
                break;
            case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
                take_creation(event);
                break;
            default:
                break;
        }
    }

    void take_creation(rd_kafka_event_t* event) {
        std::size_t count = 0;
        const auto* result = rd_kafka_event_CreateTopics_result(event);
        const auto* const* topics =
            result == nullptr ? nullptr : rd_kafka_CreateTopics_result_topics(result, &count);
        for (std::size_t i = 0; i < count; ++i) {
            const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(topics[i]);
            if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
                log::info("created the topic", {{"topic", settings_.topic}});
            else if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
                on_error_("cannot create the topic " + settings_.topic + ": " +
                          rd_kafka_err2str(error));
        }
    }

    /// Asked for in the background; the answer comes through the queue.
    void create_topic() {
        std::array<char, kReason> reason{};
        constexpr int kBrokerDefault = -1;
        rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(
            settings_.topic.c_str(), kBrokerDefault, kBrokerDefault, reason.data(), reason.size());
        if (topic == nullptr)
            throw std::runtime_error(std::string("kafka topic: ") + reason.data());
        rd_kafka_CreateTopics(producer_.get(), &topic, 1, nullptr, queue_.get());
        rd_kafka_NewTopic_destroy(topic);
    }

    /// librdkafka 2.0.2: the first message on a topic handle can wait a second for its metadata.
    void warm_up() {
        rd_kafka_topic_t* topic =
            rd_kafka_topic_new(producer_.get(), settings_.topic.c_str(), nullptr);
        if (topic != nullptr) rd_kafka_topic_destroy(topic);
    }

    KafkaSettings settings_;
    std::function<void(const std::string&)> on_error_;
    boost::asio::posix::stream_descriptor wakeup_;
    Producer producer_;
    Queue queue_;
    std::vector<Delivery> early_;  ///< refused by producev() itself
};

}  // namespace

std::unique_ptr<Publisher> make_kafka_publisher(const KafkaSettings& settings,
                                                boost::asio::any_io_executor executor,
                                                std::function<void(const std::string&)> on_error) {
    return std::make_unique<KafkaPublisher>(settings, std::move(executor), std::move(on_error));
}

}  // namespace userd
