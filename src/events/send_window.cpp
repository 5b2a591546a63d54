#include "events/send_window.hpp"

#include <stdexcept>
#include <utility>

namespace userd {

void SendWindow::add(Event event) {
    if (room() == 0) throw std::logic_error("the send window is full");
    user_of_.emplace(event.sequence, event.user);
    const auto [lane, is_new] = lanes_.try_emplace(event.user);
    if (is_new) ready_.insert(event.sequence);
    lane->second.push_back(std::move(event));
}

const Event* SendWindow::next() const {
    if (!suspects_.empty()) {
        const std::vector<UserId>& group = suspects_.front();
        // What was out before they were suspects is not settled yet, or they are all out.
        if (out_.size() != tried_ || tried_ == group.size()) return nullptr;
        return &lanes_.at(group[tried_]).front();
    }
    if (!refused_.empty()) return nullptr;
    return ready_.empty() ? nullptr : &lanes_.at(user_of(*ready_.begin())).front();
}

void SendWindow::mark_sent() {
    out_.insert(next()->sequence);
    if (suspects_.empty())
        ready_.erase(ready_.begin());
    else
        ++tried_;
}

bool SendWindow::acknowledge(std::int64_t sequence) {
    if (out_.erase(sequence) == 0) return false;
    drop_first(lanes_.find(user_of(sequence)));
    end_round();
    return true;
}

bool SendWindow::roll_back(std::int64_t sequence) {
    if (out_.erase(sequence) == 0) return false;
    if (tried_ == 0)
        ready_.insert(sequence);
    else
        rolled_back_.push_back(user_of(sequence));
    end_round();
    return true;
}

SendWindow::Verdict SendWindow::refuse(std::int64_t sequence) {
    if (out_.erase(sequence) == 0) return Verdict::not_out;
    const UserId user = user_of(sequence);
    const bool is_alone = tried_ > 0 && suspects_.front().size() == 1;
    if (is_alone) {
        const auto lane = lanes_.find(user);
        for (const Event& event : lane->second)
            user_of_.erase(event.sequence);
        lanes_.erase(lane);
    } else {
        refused_.push_back(user);
    }
    end_round();
    return is_alone ? Verdict::never : Verdict::retry;
}

void SendWindow::end_round() {
    if (!out_.empty()) return;
    if (tried_ > 0) {
        const std::vector<UserId> group = std::move(suspects_.front());
        suspects_.pop_front();
        // The publisher had no room for these.
        const auto left = group.begin() + static_cast<std::ptrdiff_t>(std::exchange(tried_, 0));
        rolled_back_.insert(rolled_back_.end(), left, group.end());
    }
    suspect(std::exchange(rolled_back_, {}));
    std::vector<UserId> half = std::exchange(refused_, {});
    const auto middle = half.begin() + static_cast<std::ptrdiff_t>((half.size() + 1) / 2);
    suspect({middle, half.end()});
    half.erase(middle, half.end());
    suspect(std::move(half));
}

void SendWindow::suspect(std::vector<UserId> users) {
    if (!users.empty()) suspects_.push_front(std::move(users));
}

void SendWindow::clear() {
    lanes_.clear();
    user_of_.clear();
    out_.clear();
    ready_.clear();
    suspects_.clear();
    tried_ = 0;
    refused_.clear();
    rolled_back_.clear();
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
