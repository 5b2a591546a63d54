#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "events/kafka_publisher.hpp"
#include "events/topic_record.hpp"

namespace userd {

/// Reads all partitions of the topic as a read_committed consumer that belongs to no group and
/// commits nothing. Blocking, for one thread.
class TopicReader {
  public:
    enum class From { start, end };

    /// std::runtime_error with one line when the brokers do not answer within `patience` or the
    /// topic does not exist.
    TopicReader(const KafkaSettings& settings, From from, std::chrono::milliseconds patience);
    ~TopicReader();
    TopicReader(const TopicReader&) = delete;
    TopicReader& operator=(const TopicReader&) = delete;

    /// The next record, of whichever partition; nothing after `wait`, or sooner at the end of one.
    [[nodiscard]] std::optional<TopicRecord> next(std::chrono::milliseconds wait);

    /// The offset after the last committed record of each partition now. std::runtime_error.
    [[nodiscard]] std::vector<std::int64_t> ends();
    /// Records, and what else has an offset, between here and there.
    [[nodiscard]] std::int64_t distance(const std::vector<std::int64_t>& ends) const;

    /// The last thing that went wrong with the brokers, or nothing.
    [[nodiscard]] std::string trouble() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace userd
