#include "store/postgres/postgres_store.hpp"

#include <mutex>
#include <utility>

#include "base/log.hpp"
#include "store/postgres/attempts.hpp"
#include "store/postgres/audit.hpp"
#include "store/postgres/database.hpp"
#include "store/postgres/history.hpp"
#include "store/postgres/key_ring.hpp"
#include "store/postgres/lease.hpp"
#include "store/postgres/open_session.hpp"
#include "store/postgres/outbox.hpp"
#include "store/postgres/ping.hpp"
#include "store/postgres/services.hpp"
#include "store/postgres/session_ends.hpp"
#include "store/postgres/sessions.hpp"
#include "store/postgres/user_changes.hpp"
#include "store/postgres/users.hpp"

namespace userd {
namespace {

class PostgresStore final : public Store {
  public:
    explicit PostgresStore(PostgresSettings settings)
        : db_(std::move(settings)), audit_log_(postgres::make_audit_log(db_)) {}

    Task<Result<User>> add_user(NewUser user, std::string traceparent) override {
        return nudging(postgres::add_user(db_, std::move(user), std::move(traceparent)));
    }
    Task<bool> is_taken(std::string username_key, std::string email_key) override {
        return postgres::is_taken(db_, std::move(username_key), std::move(email_key));
    }
    Task<Result<Login>> find_login(std::string key) override {
        return postgres::find_login(db_, std::move(key));
    }

    Task<Result<Session>> open_session(OpenSession request) override {
        return postgres::open_session(db_, std::move(request));
    }
    Task<Rotation> rotate_session(Rotate request) override {
        return postgres::rotate_session(db_, std::move(request));
    }
    Task<Result<Profile>> read_profile(UserId user, SessionId session) override {
        return postgres::read_profile(db_, user, session);
    }
    Task<std::vector<SessionInfo>> list_sessions(UserId user) override {
        return postgres::list_sessions(db_, user);
    }
    Task<Result<SessionInfo>> read_session(UserId user, SessionId session) override {
        return postgres::read_session(db_, user, session);
    }
    Task<bool> end_session(UserId user, SessionId session, std::string reason) override {
        return postgres::end_session(db_, user, session, std::move(reason));
    }
    Task<std::int64_t> end_sessions(UserId user, std::string reason) override {
        return postgres::end_sessions(db_, user, std::move(reason));
    }
    Task<SessionSweep> sweep_sessions(SessionId from, int rows) override {
        return postgres::sweep_sessions(db_, from, rows);
    }

    Task<Result<User>> find_user(std::string key) override {
        return postgres::find_user(db_, std::move(key));
    }
    Task<std::vector<User>> list_users(Page page) override {
        return postgres::list_users(db_, std::move(page));
    }
    Task<Result<User>> set_email(UserId user, std::string email, std::string email_key) override {
        return nudging(postgres::set_email(db_, user, std::move(email), std::move(email_key)));
    }
    Task<Result<User>> set_disabled(UserId user, bool disabled) override {
        return nudging(postgres::set_disabled(db_, user, disabled));
    }
    Task<Result<User>> delete_user(UserId user) override {
        return nudging(postgres::delete_user(db_, user));
    }

    Task<StoredKeyRing> read_key_ring() override { return postgres::read_key_ring(db_); }
    Task<std::int64_t> key_ring_version() override { return postgres::key_ring_version(db_); }
    Task<bool> replace_key_ring(std::int64_t expected, std::vector<StoredKey> keys) override {
        return postgres::replace_key_ring(db_, expected, std::move(keys));
    }

    Task<bool> add_service(std::string name, std::string secret_hash) override {
        return postgres::add_service(db_, std::move(name), std::move(secret_hash));
    }
    Task<Result<Service>> find_service(std::string name) override {
        return postgres::find_service(db_, std::move(name));
    }
    Task<std::vector<Service>> list_services() override { return postgres::list_services(db_); }
    Task<bool> revoke_service(std::string name) override {
        return postgres::revoke_service(db_, std::move(name));
    }

    Task<std::vector<Attempts>> read_attempts(std::vector<AttemptKey> keys) override {
        return postgres::read_attempts(db_, std::move(keys));
    }
    Task<std::vector<Attempts>> count_attempts(std::vector<CountAttempt> attempts) override {
        return postgres::count_attempts(db_, std::move(attempts));
    }
    Task<void> clear_attempts(std::vector<AttemptKey> keys) override {
        return postgres::clear_attempts(db_, std::move(keys));
    }
    Task<int> sweep_attempts(int rows, std::int64_t most) override {
        return postgres::sweep_attempts(db_, rows, most);
    }

    Task<std::vector<std::string>> hash_formats() override { return postgres::hash_formats(db_); }
    Task<std::int64_t> count_sessions() override { return postgres::count_sessions(db_); }

    Task<std::optional<OutboxLease>> lease_outbox(OutboxClaim claim) override {
        return postgres::lease_outbox(db_, std::move(claim));
    }
    Task<void> release_outbox(std::int64_t epoch) override {
        return postgres::release_outbox(db_, epoch);
    }
    Task<std::vector<Event>> waiting_events(std::int64_t after, int limit,
                                            std::int64_t epoch) override {
        return postgres::waiting_events(db_, after, limit, epoch);
    }
    Task<std::vector<Waiting>> list_waiting(int limit) override {
        return postgres::list_waiting(db_, limit);
    }
    Task<void> remove_sent(std::vector<std::int64_t> sequences, std::int64_t epoch) override {
        return postgres::remove_sent(db_, std::move(sequences), epoch);
    }
    Task<void> park_event(std::int64_t sequence, std::string reason, std::int64_t epoch) override {
        return postgres::park_event(db_, sequence, std::move(reason), epoch);
    }
    Task<OutboxStats> outbox_stats() override { return postgres::outbox_stats(db_); }

    Task<EventSweep> sweep_events(std::int64_t after, int rows,
                                  std::chrono::milliseconds age) override {
        return postgres::sweep_events(db_, after, rows, age);
    }
    Task<std::vector<EventMark>> list_events(std::int64_t after, std::int64_t until,
                                             int limit) override {
        return postgres::list_events(db_, after, until, limit);
    }
    Task<std::vector<NewestEvent>> newest_events(UserId after, int limit) override {
        return postgres::newest_events(db_, after, limit);
    }
    Task<std::vector<NewestEvent>> newest_events_of(std::vector<UserId> users) override {
        return postgres::newest_events_of(db_, std::move(users));
    }
    Task<std::int64_t> resend_events(std::vector<UserId> users, ResendRange range) override {
        return nudging(postgres::resend_events(db_, std::move(users), range));
    }
    Task<std::vector<WaitingEvent>> list_parked(std::int64_t after, int limit) override {
        return postgres::list_parked(db_, after, limit);
    }
    Task<std::int64_t> retry_parked(std::optional<EventId> event) override {
        return nudging(postgres::retry_parked(db_, event));
    }
    Task<std::int64_t> drop_parked(EventId event) override {
        return nudging(postgres::drop_parked(db_, event));
    }
    Task<LeaseState> read_lease() override { return postgres::read_lease(db_); }
    AuditLog& audit_log() override { return *audit_log_; }

    void on_event(std::function<void()> nudge) override {
        const std::lock_guard lock(nudge_mutex_);
        nudge_ = std::move(nudge);
    }
    Task<void> ping() override { return postgres::ping(db_); }

  private:
    Task<Result<User>> nudging(Task<postgres::UserChange> change) {
        postgres::UserChange changed = co_await std::move(change);
        if (changed.wrote_event) call_nudge();
        co_return std::move(changed.user);
    }
    /// Of an operation that tells how many events it put out.
    Task<std::int64_t> nudging(Task<std::int64_t> change) {
        const std::int64_t count = co_await std::move(change);
        if (count > 0) call_nudge();
        co_return count;
    }
    void call_nudge() {
        const std::lock_guard lock(nudge_mutex_);
        if (!nudge_) return;
        try {
            nudge_();
        } catch (const std::exception& error) {
            log::error("the relay was not told of new events", {{"error", error.what()}});
        }
    }

    postgres::Database db_;
    const std::unique_ptr<AuditLog> audit_log_;
    std::mutex nudge_mutex_;
    std::function<void()> nudge_;
};

}  // namespace

std::unique_ptr<Store> make_postgres_store(PostgresSettings settings) {
    return std::make_unique<PostgresStore>(std::move(settings));
}

}  // namespace userd
