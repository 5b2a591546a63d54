#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "store/store.hpp"

namespace userd {

inline UserId user_number(int number) {
    UserId id;
    id.bytes[0] = static_cast<std::uint8_t>(number >> 8);
    id.bytes[1] = static_cast<std::uint8_t>(number);
    return id;
}

/// An outbox in memory. Everything else of a store is refused. `fault` is called before and after
/// each operation's effect and may throw. Thread-safe.
class FakeStore : public Store {
  public:
    std::function<void(const char* operation, bool after)> fault = [](const char*, bool) {};
    /// Awaited before a claim has its effect; unset: not at all.
    std::function<Task<void>()> before_lease;
    /// Awaited after a read has seen what it gives; unset: not at all.
    std::function<Task<void>()> after_read;

    /// The user's next event, at the end of the outbox.
    Event write(UserId user) {
        const std::lock_guard lock(mutex_);
        Event event;
        event.sequence = ++last_sequence_;
        event.user = user;
        event.version = ++versions_[user];
        event.type = event.version == 1 ? EventType::user_registered : EventType::user_updated;
        event.state = UserState{"name", "name@example.com", {}, {}, false};
        outbox_[event.sequence] = event;
        history_.push_back(event);
        return event;
    }

    [[nodiscard]] std::vector<std::int64_t> waiting() const {
        const std::lock_guard lock(mutex_);
        std::vector<std::int64_t> sequences;
        for (const auto& [sequence, event] : outbox_)
            if (!is_held_back(event)) sequences.push_back(sequence);
        return sequences;
    }
    [[nodiscard]] std::map<std::int64_t, Event> outbox() const {
        const std::lock_guard lock(mutex_);
        return outbox_;
    }
    [[nodiscard]] std::map<std::int64_t, std::string> parked() const {
        const std::lock_guard lock(mutex_);
        return parked_;
    }
    /// All that was ever written.
    [[nodiscard]] std::vector<Event> history() const {
        const std::lock_guard lock(mutex_);
        return history_;
    }
    /// As if its transaction had not committed yet.
    void hide(std::int64_t sequence) {
        const std::lock_guard lock(mutex_);
        hidden_ = sequence;
    }
    void show() { hide(0); }
    /// As if it had run out and another had claimed it. Its epoch.
    std::int64_t take_lease(const std::string& holder, std::chrono::milliseconds duration) {
        const std::lock_guard lock(mutex_);
        holder_.clear();
        return grant({holder, duration}).value().epoch;
    }
    [[nodiscard]] int largest_read() const { return largest_read_; }

    Task<std::optional<OutboxLease>> lease_outbox(OutboxClaim claim) override {
        fault("lease", false);
        if (before_lease) co_await before_lease();
        std::optional<OutboxLease> lease;
        {
            const std::lock_guard lock(mutex_);
            lease = grant(claim);
        }
        fault("lease", true);
        co_return lease;
    }
    Task<void> release_outbox(std::int64_t epoch) override {
        fault("release", false);
        {
            const std::lock_guard lock(mutex_);
            if (epoch == epoch_) holder_.clear();
        }
        fault("release", true);
        co_return;
    }
    Task<std::vector<Event>> waiting_events(std::int64_t after, int limit,
                                            std::int64_t epoch) override {
        fault("read", false);
        std::vector<Event> events;
        {
            const std::lock_guard lock(mutex_);
            check_lease(epoch);
            largest_read_ = std::max(largest_read_.load(), limit);
            for (const auto& [sequence, event] : outbox_)
                if (sequence > after && sequence != hidden_ && !is_held_back(event) &&
                    events.size() < static_cast<std::size_t>(limit)) {
                    events.push_back(event);
                    events.back().previous = previous_of(event);
                }
        }
        fault("read", true);
        if (after_read) co_await after_read();
        co_return events;
    }
    Task<void> remove_sent(std::vector<std::int64_t> sequences, std::int64_t epoch) override {
        fault("remove", false);
        {
            const std::lock_guard lock(mutex_);
            check_lease(epoch);
            for (const std::int64_t sequence : sequences)
                outbox_.erase(sequence);
        }
        fault("remove", true);
        co_return;
    }
    Task<void> park_event(std::int64_t sequence, std::string reason, std::int64_t epoch) override {
        fault("park", false);
        {
            const std::lock_guard lock(mutex_);
            check_lease(epoch);
            parked_.emplace(sequence, std::move(reason));
        }
        fault("park", true);
        co_return;
    }

    Task<Result<User>> add_user(NewUser, std::string) override { return refuse<Result<User>>(); }
    Task<bool> is_taken(std::string, std::string) override { return refuse<bool>(); }
    Task<Result<Login>> find_login(std::string) override { return refuse<Result<Login>>(); }
    Task<Result<Session>> open_session(OpenSession) override { return refuse<Result<Session>>(); }
    Task<Rotation> rotate_session(Rotate) override { return refuse<Rotation>(); }
    Task<Result<Profile>> read_profile(UserId, SessionId) override {
        return refuse<Result<Profile>>();
    }
    Task<std::vector<SessionInfo>> list_sessions(UserId) override {
        return refuse<std::vector<SessionInfo>>();
    }
    Task<Result<SessionInfo>> read_session(UserId, SessionId) override {
        return refuse<Result<SessionInfo>>();
    }
    Task<bool> end_session(UserId, SessionId, std::string) override { return refuse<bool>(); }
    Task<std::int64_t> end_sessions(UserId, std::string) override { return refuse<std::int64_t>(); }
    Task<SessionSweep> sweep_sessions(SessionId, int) override { return refuse<SessionSweep>(); }
    Task<Result<User>> find_user(std::string) override { return refuse<Result<User>>(); }
    Task<std::vector<User>> list_users(Page) override { return refuse<std::vector<User>>(); }
    Task<Result<User>> set_email(UserId, std::string, std::string) override {
        return refuse<Result<User>>();
    }
    Task<Result<User>> set_disabled(UserId, bool) override { return refuse<Result<User>>(); }
    Task<Result<User>> delete_user(UserId) override { return refuse<Result<User>>(); }
    Task<StoredKeyRing> read_key_ring() override { return refuse<StoredKeyRing>(); }
    Task<std::int64_t> key_ring_version() override { return refuse<std::int64_t>(); }
    Task<bool> replace_key_ring(std::int64_t, std::vector<StoredKey>) override {
        return refuse<bool>();
    }
    Task<bool> add_service(std::string, std::string) override { return refuse<bool>(); }
    Task<Result<Service>> find_service(std::string) override { return refuse<Result<Service>>(); }
    Task<std::vector<Service>> list_services() override { return refuse<std::vector<Service>>(); }
    Task<bool> revoke_service(std::string) override { return refuse<bool>(); }
    Task<std::vector<Attempts>> read_attempts(std::vector<AttemptKey>) override {
        return refuse<std::vector<Attempts>>();
    }
    Task<std::vector<Attempts>> count_attempts(std::vector<CountAttempt>) override {
        return refuse<std::vector<Attempts>>();
    }
    Task<void> clear_attempts(std::vector<AttemptKey>) override { return refuse<void>(); }
    Task<int> sweep_attempts(int, std::int64_t) override { return refuse<int>(); }
    Task<std::vector<std::string>> hash_formats() override {
        return refuse<std::vector<std::string>>();
    }
    Task<std::int64_t> count_sessions() override { return refuse<std::int64_t>(); }
    Task<std::vector<Waiting>> list_waiting(int) override { return refuse<std::vector<Waiting>>(); }
    Task<OutboxStats> outbox_stats() override { return refuse<OutboxStats>(); }
    Task<EventSweep> sweep_events(std::int64_t, int, std::chrono::milliseconds) override {
        return refuse<EventSweep>();
    }
    Task<std::vector<EventMark>> list_events(std::int64_t, std::int64_t, int) override {
        return refuse<std::vector<EventMark>>();
    }
    Task<std::vector<NewestEvent>> newest_events(UserId, int) override {
        return refuse<std::vector<NewestEvent>>();
    }
    Task<std::vector<NewestEvent>> newest_events_of(std::vector<UserId>) override {
        return refuse<std::vector<NewestEvent>>();
    }
    Task<std::int64_t> resend_events(std::vector<UserId>, ResendRange) override {
        return refuse<std::int64_t>();
    }
    Task<std::vector<Waiting>> list_parked(std::int64_t, int) override {
        return refuse<std::vector<Waiting>>();
    }
    Task<std::int64_t> retry_parked(std::optional<EventId>) override {
        return refuse<std::int64_t>();
    }
    Task<std::int64_t> drop_parked(EventId) override { return refuse<std::int64_t>(); }
    Task<LeaseState> read_lease() override { return refuse<LeaseState>(); }
    AuditLog& audit_log() override { throw std::logic_error("a relay has no business with this"); }
    void on_event(std::function<void()>) override {}
    Task<void> ping() override { return refuse<void>(); }

  private:
    template <class T>
    static Task<T> refuse() {
        throw std::logic_error("a relay has no business with this");
    }

    [[nodiscard]] std::int64_t previous_of(const Event& event) const {
        for (const auto& [sequence, other] : outbox_)
            if (other.user == event.user && other.version == event.version - 1) return sequence;
        return 0;
    }
    [[nodiscard]] bool is_held_back(const Event& event) const {
        return std::any_of(parked_.begin(), parked_.end(), [&](const auto& parked) {
            return parked.first <= event.sequence && outbox_.at(parked.first).user == event.user;
        });
    }

    std::optional<OutboxLease> grant(const OutboxClaim& claim) {
        const auto now = std::chrono::steady_clock::now();
        if (holder_ != claim.holder) {
            if (!holder_.empty() && now < lease_end_) return std::nullopt;
            holder_ = claim.holder;
            ++epoch_;
        }
        lease_end_ = now + claim.duration;
        return OutboxLease{epoch_};
    }
    void check_lease(std::int64_t epoch) const {
        if (epoch != epoch_ || holder_.empty()) throw LeaseLost();
    }

    mutable std::mutex mutex_;
    std::string holder_;
    std::int64_t epoch_ = 0;
    std::chrono::steady_clock::time_point lease_end_;
    std::int64_t last_sequence_ = 0;
    std::int64_t hidden_ = 0;
    std::vector<Event> history_;
    std::map<UserId, std::int64_t> versions_;
    std::map<std::int64_t, Event> outbox_;
    std::map<std::int64_t, std::string> parked_;
    std::atomic<int> largest_read_{0};
};

}  // namespace userd
