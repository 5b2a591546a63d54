#include "events/kafka_reader.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "events/kafka_config.hpp"

namespace userd {
namespace {

using Client = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;
using Topic = std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)>;
using Queue = std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)>;
using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;

int millis(std::chrono::milliseconds time) {
    return static_cast<int>(time.count());
}

std::string text(const void* data, std::size_t size) {
    return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

void no_log(const rd_kafka_t*, int, const char*, const char*) {}

void note_trouble(rd_kafka_t*, int error, const char* reason, void* opaque) {
    *static_cast<std::string*>(opaque) =
        std::string(rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error))) + ": " + reason;
}

TopicRecord record_of(const rd_kafka_message_t& message) {
    TopicRecord record;
    record.partition = message.partition;
    record.offset = message.offset;
    record.key = text(message.key, message.key_len);
    if (message.payload != nullptr) record.value = text(message.payload, message.len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i)
        record.headers.emplace_back(name, text(value, size));
    return record;
}

}  // namespace

class TopicReader::Impl {
  public:
    Impl(const KafkaSettings& settings, From from, std::chrono::milliseconds patience)
        : name_(settings.topic),
          patience_(patience),
          client_(make_client(settings)),
          topic_(rd_kafka_topic_new(client_.get(), name_.c_str(), nullptr), rd_kafka_topic_destroy),
          queue_(rd_kafka_queue_new(client_.get()), rd_kafka_queue_destroy) {
        if (!topic_) throw std::runtime_error("kafka: the topic " + name_ + " cannot be read");
        positions_.resize(count_partitions());
        for (std::size_t i = 0; i < positions_.size(); ++i)
            start(static_cast<int>(i), from);
    }
    ~Impl() {
        for (int partition = 0; partition < started_; ++partition)
            rd_kafka_consume_stop(topic_.get(), partition);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    std::optional<TopicRecord> next(std::chrono::milliseconds wait) {
        rd_kafka_poll(client_.get(), 0);
        const Message message(rd_kafka_consume_queue(queue_.get(), millis(wait)),
                              rd_kafka_message_destroy);
        if (!message) return std::nullopt;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            advance(message->partition, message->offset);
            return std::nullopt;
        }
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            trouble_ = rd_kafka_message_errstr(message.get());
            return std::nullopt;
        }
        trouble_.clear();
        advance(message->partition, message->offset + 1);
        return record_of(*message);
    }

    std::vector<std::int64_t> ends() {
        std::vector<std::int64_t> ends;
        for (std::size_t i = 0; i < positions_.size(); ++i) {
            const auto [low, high] = offsets(static_cast<int>(i));
            // What lies before is gone; there is nothing to read.
            advance(static_cast<int>(i), low);
            ends.push_back(high);
        }
        return ends;
    }

    [[nodiscard]] std::int64_t distance(const std::vector<std::int64_t>& ends) const {
        std::int64_t distance = 0;
        for (std::size_t i = 0; i < positions_.size() && i < ends.size(); ++i)
            distance += std::max<std::int64_t>(ends[i] - positions_[i], 0);
        return distance;
    }

    [[nodiscard]] std::string trouble() const { return trouble_; }

  private:
    Client make_client(const KafkaSettings& settings) {
        KafkaConfig config = make_consumer_config(settings);
        rd_kafka_conf_set_log_cb(config.get(), no_log);
        rd_kafka_conf_set_error_cb(config.get(), note_trouble);
        rd_kafka_conf_set_opaque(config.get(), &trouble_);
        std::array<char, 512> reason{};
        rd_kafka_t* made =
            rd_kafka_new(RD_KAFKA_CONSUMER, config.get(), reason.data(), reason.size());
        if (made == nullptr) throw std::runtime_error(std::string("kafka: ") + reason.data());
        (void)config.release();  // owned by the client now
        return {made, rd_kafka_destroy};
    }

    std::size_t count_partitions() {
        const rd_kafka_metadata_t* metadata = nullptr;
        check(rd_kafka_metadata(client_.get(), 0, topic_.get(), &metadata, millis(patience_)));
        const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)>
            owned(metadata, rd_kafka_metadata_destroy);
        if (metadata->topic_cnt != 1) throw std::runtime_error("kafka: no word of " + name_);
        const rd_kafka_metadata_topic_t& topic = metadata->topics[0];
        if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR)
            throw std::runtime_error("kafka: the topic " + name_ + ": " +
                                     rd_kafka_err2str(topic.err));
        return static_cast<std::size_t>(topic.partition_cnt);
    }

    void start(int partition, From from) {
        std::int64_t offset = RD_KAFKA_OFFSET_BEGINNING;
        if (from == From::end) offset = offsets(partition).second;
        if (rd_kafka_consume_start_queue(topic_.get(), partition, offset, queue_.get()) != 0)
            check(rd_kafka_last_error());
        started_ = partition + 1;
    }

    std::pair<std::int64_t, std::int64_t> offsets(int partition) {
        std::int64_t low = 0;
        std::int64_t high = 0;
        check(rd_kafka_query_watermark_offsets(client_.get(), name_.c_str(), partition, &low, &high,
                                               millis(patience_)));
        return {low, high};
    }

    void advance(int partition, std::int64_t offset) {
        std::int64_t& position = positions_.at(static_cast<std::size_t>(partition));
        position = std::max(position, offset);
    }

    void check(rd_kafka_resp_err_t error) {
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        rd_kafka_poll(client_.get(), 0);
        throw std::runtime_error(
            "kafka: " + (trouble_.empty() ? std::string(rd_kafka_err2str(error)) : trouble_));
    }

    const std::string name_;
    const std::chrono::milliseconds patience_;
    std::string trouble_;  // before the client, which writes to it
    Client client_;
    Topic topic_;
    Queue queue_;
    std::vector<std::int64_t> positions_;  ///< the next offset to come, by partition
    int started_ = 0;
};

TopicReader::TopicReader(const KafkaSettings& settings, From from,
                         std::chrono::milliseconds patience)
    : impl_(std::make_unique<Impl>(settings, from, patience)) {}

TopicReader::~TopicReader() = default;

std::optional<TopicRecord> TopicReader::next(std::chrono::milliseconds wait) {
    return impl_->next(wait);
}

std::vector<std::int64_t> TopicReader::ends() {
    return impl_->ends();
}

std::int64_t TopicReader::distance(const std::vector<std::int64_t>& ends) const {
    return impl_->distance(ends);
}

std::string TopicReader::trouble() const {
    return impl_->trouble();
}

}  // namespace userd
