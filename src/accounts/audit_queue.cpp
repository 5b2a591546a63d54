#include "accounts/audit_queue.hpp"

#include <algorithm>
#include <iterator>

namespace userd {

void AuditQueue::push(AuditEvent event) {
    const std::lock_guard lock(mutex_);
    if (!is_open_ || events_.size() >= capacity_)
        ++dropped_;
    else
        events_.push_back(std::move(event));
}

std::vector<AuditEvent> AuditQueue::take(std::size_t most) {
    const std::lock_guard lock(mutex_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(most, events_.size()));
    const auto end = events_.begin() + count;
    std::vector<AuditEvent> taken(std::make_move_iterator(events_.begin()),
                                  std::make_move_iterator(end));
    events_.erase(events_.begin(), end);
    return taken;
}

}  // namespace userd
