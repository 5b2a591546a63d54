#include "app/trouble.hpp"

#include "base/log.hpp"

namespace userd {

void Trouble::note(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (reason == reason_) return;
    reason_ = reason;
    log::error(subject_ + " does not serve", {{"error", reason}});
}

void Trouble::clear() {
    const std::lock_guard lock(mutex_);
    if (!reason_.empty()) log::info(subject_ + " serves again");
    reason_.clear();
}

std::string Trouble::reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
}

}  // namespace userd
