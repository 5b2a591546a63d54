#include "events/lease_keeper.hpp"

#include <algorithm>
#include <string>

#include "base/log.hpp"

namespace userd {
namespace {

constexpr int kRenewals = 3;  // within the lease's duration
constexpr int kTries = 10;    // within it at least, when the store fails

}  // namespace

LeaseKeeper::LeaseKeeper(const boost::asio::any_io_executor& executor, Outbox& store,
                         const RelaySettings& settings, RelayStatus& status,
                         std::function<void()> on_change)
    : store_(store),
      settings_(settings),
      status_(status),
      on_change_(std::move(on_change)),
      wakeup_(std::make_shared<Notification>(executor)),
      end_timer_(executor) {}

Task<void> LeaseKeeper::run(std::shared_ptr<LeaseKeeper> self) {
    while (!self->is_stopping_) {
        co_await self->claim();
        co_await self->wait_for_next_claim();
    }
    co_await self->give_back();
}

void LeaseKeeper::stop() {
    is_stopping_ = true;
    wakeup_->notify();
}

void LeaseKeeper::doubt() {
    is_held_ = false;
    doubted_at_ = next_claim_ = Clock::now();
    wakeup_->notify();
}

Task<void> LeaseKeeper::claim() {
    end_if_over();
    // It lasts from here by our clock: the store's begins later.
    const Clock::time_point begun = Clock::now();
    OutboxClaim claim{settings_.holder, settings_.lease};
    std::optional<OutboxLease> lease;
    std::string failure;
    try {
        lease = co_await store_.lease_outbox(std::move(claim));
    } catch (const std::exception& error) {
        failure = error.what();
    }
    end_if_over();
    if (!failure.empty()) {
        next_claim_ =
            Clock::now() + (is_ours_ ? std::min(settings_.lease / kTries, settings_.retry_first)
                                     : settings_.claim_every);
        status_.lease_trouble(failure);
    } else if (lease) {
        take(*lease, begun);
    } else {
        next_claim_ = Clock::now() + settings_.claim_every;
        lose();
        status_.standing_by();
    }
}

void LeaseKeeper::take(const OutboxLease& lease, Clock::time_point begun) {
    if (lease.epoch != epoch_) lose();
    epoch_ = lease.epoch;
    end_ = begun + settings_.lease;
    next_claim_ = begun + settings_.lease / kRenewals;
    if (Clock::now() >= end_) return;  // the answer took longer than it is good for
    is_ours_ = true;
    status_.leading(epoch_);
    watch_end();
    if (begun < doubted_at_) {
        next_claim_ = begun;
        return;
    }
    if (is_held_) return;
    is_held_ = true;
    ++holding_;
    on_change_();
}

void LeaseKeeper::lose() {
    if (!is_ours_) return;
    is_ours_ = is_held_ = false;
    status_.lost();
    on_change_();
}

void LeaseKeeper::end_if_over() {
    if (Clock::now() >= end_) lose();
}

void LeaseKeeper::watch_end() {
    end_timer_.expires_at(end_);
    end_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const std::shared_ptr<LeaseKeeper> self = error ? nullptr : weak.lock();
        if (self) self->end_if_over();
    });
}

Task<void> LeaseKeeper::wait_for_next_claim() {
    while (!is_stopping_ && Clock::now() < next_claim_)
        co_await Notification::wait(wakeup_, next_claim_);
}

Task<void> LeaseKeeper::give_back() {
    end_timer_.cancel();
    if (!is_ours_) co_return;
    is_ours_ = is_held_ = false;
    status_.released();
    try {
        co_await store_.release_outbox(epoch_);
    } catch (const std::exception& error) {
        // It runs out by itself.
        log::debug("the lease on the outbox was not given back", {{"reason", error.what()}});
    }
}

}  // namespace userd
