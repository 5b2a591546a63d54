#include "store/sqlite/lease.hpp"

namespace userd::sqlite {

std::optional<OutboxLease> Lease::claim(const OutboxClaim& claim) {
    const std::lock_guard lock(mutex_);
    const Timestamp now = clock_();
    if (holder_ != claim.holder) {
        if (!holder_.empty() && now < end_) return std::nullopt;
        holder_ = claim.holder;
        ++epoch_;
    }
    end_ = now + claim.duration;
    return OutboxLease{epoch_};
}

void Lease::release(std::int64_t epoch) {
    const std::lock_guard lock(mutex_);
    if (epoch == epoch_) holder_.clear();
}

LeaseState Lease::state() const {
    const std::lock_guard lock(mutex_);
    if (holder_.empty()) return {epoch_, "", std::nullopt};
    return {epoch_, holder_, end_};
}

void Lease::check(std::int64_t epoch) const {
    const std::lock_guard lock(mutex_);
    if (epoch != epoch_ || holder_.empty()) throw LeaseLost();
}

}  // namespace userd::sqlite
