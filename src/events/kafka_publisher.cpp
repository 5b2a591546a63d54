#include "events/kafka_publisher.hpp"

#include <librdkafka/rdkafka.h>

#include <utility>

#include "events/kafka_config.hpp"
#include "events/kafka_faults.hpp"
#include "events/kafka_producer.hpp"
#include "events/kafka_transactional_publisher.hpp"
#include "events/kafka_wakeup.hpp"

namespace userd {
namespace {

/// Idempotent: once and in order while this producer lives; it fences no other.
class IdempotentPublisher : public Publisher {
  public:
    IdempotentPublisher(const KafkaSettings& settings, const boost::asio::any_io_executor& executor,
                        BrokerErrorSink on_error)
        : settings_(settings),
          on_error_(std::move(on_error)),
          wakeup_(executor),
          producer_(make_producer(watch_)),
          queue_(rd_kafka_queue_get_main(producer_.get()), rd_kafka_queue_destroy) {
        constexpr std::uint64_t kOne = 1;
        rd_kafka_queue_io_event_enable(queue_.get(), wakeup_.descriptor(), &kOne, sizeof kOne);
        if (settings_.create_topic)
            kafka::request_topic(producer_.get(), settings_.topic, queue_.get());
        kafka::warm_up(producer_.get(), settings_.topic);
    }

    [[nodiscard]] bool is_ready() const override { return true; }

    bool send(const Event& event) override {
        const rd_kafka_resp_err_t error = kafka::produce(producer_.get(), settings_, event);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
        if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
        early_.push_back(delivery_of(event.sequence, error));
        wake();
        return true;
    }

    std::vector<Delivery> poll() override {
        std::vector<Delivery> deliveries = std::exchange(early_, {});
        while (const kafka::QueueEvent event{rd_kafka_queue_poll(queue_.get(), 0),
                                             rd_kafka_event_destroy})
            take(event.get(), deliveries);
        return deliveries;
    }

    Task<void> wait() override { return wakeup_.wait(); }
    void wake() override { wakeup_.wake(); }

  private:
    [[nodiscard]] kafka::Producer make_producer(kafka::CertificateWatch& watch) const {
        KafkaConfig config = make_kafka_config(settings_);
        watch.install(config.get());
        rd_kafka_conf_set_events(config.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
        return kafka::make_producer(std::move(config));
    }

    void take(rd_kafka_event_t* event, std::vector<Delivery>& deliveries) {
        switch (rd_kafka_event_type(event)) {
            case RD_KAFKA_EVENT_DR:
                while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event))
                    deliveries.push_back(delivery_of(kafka::sequence_of(*message), message->err));
                break;
            case RD_KAFKA_EVENT_ERROR:
                if (!kafka::is_summary(rd_kafka_event_error(event)))
                    on_error_({watch_.fault_of(rd_kafka_event_error(event)),
                               rd_kafka_event_error_string(event)});
                break;
            case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
                creation_failure_ = kafka::creation_failure(event, settings_.topic);
                break;
            default:
                break;
        }
    }

    [[nodiscard]] Delivery delivery_of(std::int64_t sequence, rd_kafka_resp_err_t error) const {
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {.sequence = sequence};
        const BrokerFault fault = kafka::fault_of(error);
        return {sequence, kafka::outcome_of(error),
                kafka::explain_topic(fault, rd_kafka_err2str(error), creation_failure_), fault};
    }

    KafkaSettings settings_;
    BrokerErrorSink on_error_;
    KafkaWakeup wakeup_;
    kafka::CertificateWatch watch_;
    std::string creation_failure_;  ///< of the topic; empty when it was created or is there
    kafka::Producer producer_;
    kafka::Queue queue_;
    std::vector<Delivery> early_;  ///< refused by produce() itself
};

}  // namespace

std::unique_ptr<Publisher> make_kafka_publisher(const KafkaSettings& settings,
                                                boost::asio::any_io_executor executor,
                                                BrokerErrorSink on_error) {
    if (settings.transactional)
        return make_transactional_publisher(settings, std::move(executor), std::move(on_error));
    return std::make_unique<IdempotentPublisher>(settings, executor, std::move(on_error));
}

}  // namespace userd
