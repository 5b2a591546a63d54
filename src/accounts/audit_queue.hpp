#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "store/audit.hpp"

namespace userd {

/// Audit events of what changes nothing in the store, until they are written there: bounded, and
/// what does not fit is counted and gone, so that whoever guesses passwords can fill neither memory
/// nor the database. Thread-safe.
class AuditQueue {
  public:
    explicit AuditQueue(std::size_t capacity = 10'000) : capacity_(capacity) {}

    void push(AuditEvent event);
    /// At most `most`, the oldest first.
    [[nodiscard]] std::vector<AuditEvent> take(std::size_t most);
    /// Nothing is taken in while the audit log has more than it should.
    void set_open(bool open) { is_open_ = open; }
    void count_dropped(std::size_t events) { dropped_ += events; }
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  private:
    const std::size_t capacity_;
    std::mutex mutex_;
    std::vector<AuditEvent> events_;
    std::atomic<bool> is_open_{true};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace userd
