#include "events/send_window.hpp"

#include <stdexcept>

namespace userd {

void SendWindow::add(Event event) {
    if (room() == 0) throw std::logic_error("the send window is full");
    user_of_.emplace(event.sequence, event.user);
    const auto [lane, is_new] = lanes_.try_emplace(event.user);
    if (is_new) ready_.insert(event.sequence);
    lane->second.push_back(std::move(event));
}

const Event* SendWindow::next() const {
    if (!suspects_.empty()) return out_.empty() ? &lanes_.at(suspects_.front()).front() : nullptr;
    return ready_.empty() ? nullptr : &lanes_.at(user_of(*ready_.begin())).front();
}

void SendWindow::mark_sent() {
    out_.insert(next()->sequence);
    // A suspect stays first in its queue until it is settled, so that nothing goes out beside it.
    if (suspects_.empty()) ready_.erase(ready_.begin());
}

bool SendWindow::acknowledge(std::int64_t sequence) {
    if (out_.erase(sequence) == 0) return false;
    const UserId user = user_of(sequence);
    if (!suspects_.empty() && suspects_.front() == user) suspects_.pop_front();
    drop_first(lanes_.find(user));
    return true;
}

bool SendWindow::roll_back(std::int64_t sequence) {
    if (out_.erase(sequence) == 0) return false;
    const bool is_suspect = !suspects_.empty() && suspects_.front() == user_of(sequence);
    if (!is_suspect) ready_.insert(sequence);
    return true;
}

SendWindow::Verdict SendWindow::refuse(std::int64_t sequence) {
    if (out_.erase(sequence) == 0) return Verdict::not_out;
    const UserId user = user_of(sequence);
    if (suspects_.empty() || suspects_.front() != user) {
        suspects_.push_back(user);
        return Verdict::retry;
    }
    suspects_.pop_front();
    const auto lane = lanes_.find(user);
    for (const Event& event : lane->second)
        user_of_.erase(event.sequence);
    lanes_.erase(lane);
    return Verdict::never;
}

void SendWindow::clear() {
    lanes_.clear();
    user_of_.clear();
    out_.clear();
    ready_.clear();
    suspects_.clear();
}

void SendWindow::drop_first(Lanes::iterator lane) {
    user_of_.erase(lane->second.front().sequence);
    lane->second.pop_front();
    if (lane->second.empty())
        lanes_.erase(lane);
    else
        ready_.insert(lane->second.front().sequence);
}

}  // namespace userd
