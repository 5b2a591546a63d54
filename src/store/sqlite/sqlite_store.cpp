#include "store/sqlite/sqlite_store.hpp"

#include <utility>

#include "store/sqlite/attempts.hpp"
#include "store/sqlite/audit.hpp"
#include "store/sqlite/cached_rows.hpp"
#include "store/sqlite/hash_formats.hpp"
#include "store/sqlite/history.hpp"
#include "store/sqlite/key_ring.hpp"
#include "store/sqlite/lease.hpp"
#include "store/sqlite/lock.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/outbox.hpp"
#include "store/sqlite/readers.hpp"
#include "store/sqlite/services.hpp"
#include "store/sqlite/session_ends.hpp"
#include "store/sqlite/sessions.hpp"
#include "store/sqlite/users.hpp"
#include "store/sqlite/writer.hpp"

namespace userd {
namespace {

using sqlite::Connection;
using sqlite::Write;

// What a job without a value gives.
struct Done {};

class SqliteStore final : public Store {
  public:
    explicit SqliteStore(SqliteSettings settings)
        : path_(sqlite::resolve(settings.path)),
          clock_(settings.clock),
          lease_(settings.clock),
          lock_(path_),
          writer_(sqlite::open_writer(path_).writer, cached_, settings.queue, settings.clock,
                  settings.audit),
          readers_(path_, settings.readers),
          audit_log_(sqlite::make_audit_log(writer_, readers_, settings.clock)) {}

    Task<Result<User>> add_user(NewUser user, std::string traceparent) override {
        return write<Result<User>>(
            [user = std::move(user), trace = std::move(traceparent)](Write& write) {
                return sqlite::add_user(write, user, trace);
            });
    }
    Task<bool> is_taken(std::string username_key, std::string email_key) override {
        return read<bool>([name = std::move(username_key), email = std::move(email_key)](
                              Connection& db) { return sqlite::is_taken(db, name, email); });
    }
    Task<Result<Login>> find_login(std::string key) override {
        return read<Result<Login>>(
            [key = std::move(key)](Connection& db) { return sqlite::find_login(db, key); });
    }

    Task<Result<Session>> open_session(OpenSession request) override {
        return write<Result<Session>>([request = std::move(request)](Write& write) {
            return sqlite::open_session(write, request);
        });
    }
    Task<Rotation> rotate_session(Rotate request) override {
        return write<Rotation>([request = std::move(request)](Write& write) {
            return sqlite::rotate_session(write, request);
        });
    }
    Task<Result<Profile>> read_profile(UserId user, SessionId session) override {
        const Timestamp now = clock_();
        if (std::optional<Profile> cached = cached_.find(user, session, now))
            co_return *std::move(cached);
        co_return cached_.read_and_keep(user, session, [&] {
            return readers_.run(
                [&](Connection& db) { return sqlite::read_profile(db, user, session, now); });
        });
    }
    Task<std::vector<SessionInfo>> list_sessions(UserId user) override {
        return read<std::vector<SessionInfo>>(
            [this, user](Connection& db) { return sqlite::list_sessions(db, user, clock_()); });
    }
    Task<Result<SessionInfo>> read_session(UserId user, SessionId session) override {
        return read<Result<SessionInfo>>([this, user, session](Connection& db) {
            return sqlite::read_session(db, user, session, clock_());
        });
    }
    Task<bool> end_session(UserId user, SessionId session, std::string reason) override {
        return write<bool>([user, session, reason = std::move(reason)](Write& write) {
            return sqlite::end_session(write, user, session, reason);
        });
    }
    Task<std::int64_t> end_sessions(UserId user, std::string reason) override {
        return write<std::int64_t>([user, reason = std::move(reason)](Write& write) {
            return sqlite::end_sessions(write, user, reason);
        });
    }
    Task<SessionSweep> sweep_sessions(SessionId from, int rows) override {
        return write<SessionSweep>(
            [from, rows](Write& write) { return sqlite::sweep_sessions(write, from, rows); });
    }

    Task<Result<User>> find_user(std::string key) override {
        return read<Result<User>>(
            [key = std::move(key)](Connection& db) { return sqlite::find_user(db, key); });
    }
    Task<std::vector<User>> list_users(Page page) override {
        return read<std::vector<User>>(
            [page = std::move(page)](Connection& db) { return sqlite::list_users(db, page); });
    }
    Task<Result<User>> set_email(UserId user, std::string email, std::string email_key) override {
        return write<Result<User>>(
            [user, email = std::move(email), key = std::move(email_key)](Write& write) {
                return sqlite::set_email(write, user, email, key);
            });
    }
    Task<Result<User>> set_disabled(UserId user, bool disabled) override {
        return write<Result<User>>(
            [user, disabled](Write& write) { return sqlite::set_disabled(write, user, disabled); });
    }
    Task<Result<User>> delete_user(UserId user) override {
        return write<Result<User>>(
            [user](Write& write) { return sqlite::delete_user(write, user); });
    }

    Task<StoredKeyRing> read_key_ring() override {
        return read<StoredKeyRing>(sqlite::read_key_ring);
    }
    Task<std::int64_t> key_ring_version() override {
        return read<std::int64_t>(sqlite::key_ring_version);
    }
    Task<bool> replace_key_ring(std::int64_t expected, std::vector<StoredKey> keys) override {
        return write<bool>([expected, keys = std::move(keys)](Write& write) {
            return sqlite::replace_key_ring(write, expected, keys);
        });
    }

    Task<bool> add_service(std::string name, std::string secret_hash) override {
        return write<bool>([name = std::move(name), hash = std::move(secret_hash)](Write& write) {
            return sqlite::add_service(write, name, hash);
        });
    }
    Task<Result<Service>> find_service(std::string name) override {
        return read<Result<Service>>(
            [name = std::move(name)](Connection& db) { return sqlite::find_service(db, name); });
    }
    Task<std::vector<Service>> list_services() override {
        return read<std::vector<Service>>(sqlite::list_services);
    }
    Task<bool> revoke_service(std::string name) override {
        return write<bool>(
            [name = std::move(name)](Write& write) { return sqlite::revoke_service(write, name); });
    }

    Task<std::vector<Attempts>> read_attempts(std::vector<AttemptKey> keys) override {
        return read<std::vector<Attempts>>([this, keys = std::move(keys)](Connection& db) {
            return sqlite::read_attempts(db, keys, clock_());
        });
    }
    Task<std::vector<Attempts>> count_attempts(std::vector<CountAttempt> attempts) override {
        return write<std::vector<Attempts>>([attempts = std::move(attempts)](Write& write) {
            return sqlite::count_attempts(write, attempts);
        });
    }
    Task<void> clear_attempts(std::vector<AttemptKey> keys) override {
        return change(
            [keys = std::move(keys)](Write& write) { sqlite::clear_attempts(write, keys); });
    }
    Task<int> sweep_attempts(int rows, std::int64_t most) override {
        const std::int64_t excess = readers_.run(sqlite::count_counters) - most;
        std::function<int(Write&)> work = [rows, excess](Write& write) {
            return sqlite::sweep_attempts(write, rows, excess);
        };
        co_return co_await writer_.run(std::move(work));
    }

    Task<std::vector<std::string>> hash_formats() override {
        return read<std::vector<std::string>>(sqlite::hash_formats);
    }
    Task<std::int64_t> count_sessions() override {
        return read<std::int64_t>(
            [this](Connection& db) { return sqlite::count_sessions(db, clock_()); });
    }

    Task<std::optional<OutboxLease>> lease_outbox(OutboxClaim claim) override {
        co_return lease_.claim(claim);
    }
    Task<void> release_outbox(std::int64_t epoch) override {
        lease_.release(epoch);
        co_return;
    }
    Task<std::vector<Event>> waiting_events(std::int64_t after, int limit,
                                            std::int64_t epoch) override {
        return read<std::vector<Event>>([this, after, limit, epoch](Connection& db) {
            lease_.check(epoch);
            return sqlite::waiting_events(db, after, limit);
        });
    }
    Task<std::vector<Waiting>> list_waiting(int limit) override {
        return read<std::vector<Waiting>>(
            [limit](Connection& db) { return sqlite::list_waiting(db, limit); });
    }
    Task<void> remove_sent(std::vector<std::int64_t> sequences, std::int64_t epoch) override {
        return change([this, sequences = std::move(sequences), epoch](Write& write) {
            lease_.check(epoch);
            sqlite::remove_sent(write, sequences);
        });
    }
    Task<void> park_event(std::int64_t sequence, std::string reason, std::int64_t epoch) override {
        return change([this, sequence, reason = std::move(reason), epoch](Write& write) {
            lease_.check(epoch);
            sqlite::park_event(write, sequence, reason);
        });
    }
    Task<OutboxStats> outbox_stats() override { return read<OutboxStats>(sqlite::outbox_stats); }

    Task<EventSweep> sweep_events(std::int64_t after, int rows,
                                  std::chrono::milliseconds age) override {
        return write<EventSweep>([after, rows, age](Write& write) {
            return sqlite::sweep_events(write, after, rows, age);
        });
    }
    Task<std::vector<EventMark>> list_events(std::int64_t after, std::int64_t until,
                                             int limit) override {
        return read<std::vector<EventMark>>([after, until, limit](Connection& db) {
            return sqlite::list_events(db, after, until, limit);
        });
    }
    Task<std::vector<NewestEvent>> newest_events(UserId after, int limit) override {
        return read<std::vector<NewestEvent>>(
            [after, limit](Connection& db) { return sqlite::newest_events(db, after, limit); });
    }
    Task<std::vector<NewestEvent>> newest_events_of(std::vector<UserId> users) override {
        return read<std::vector<NewestEvent>>([users = std::move(users)](Connection& db) {
            return sqlite::newest_events_of(db, users);
        });
    }
    Task<std::int64_t> resend_events(std::vector<UserId> users, ResendRange range) override {
        return write<std::int64_t>([users = std::move(users), range](Write& write) {
            return sqlite::resend_events(write, users, range);
        });
    }
    Task<std::vector<WaitingEvent>> list_parked(std::int64_t after, int limit) override {
        return read<std::vector<WaitingEvent>>(
            [after, limit](Connection& db) { return sqlite::list_parked(db, after, limit); });
    }
    Task<std::int64_t> retry_parked(std::optional<EventId> event) override {
        return write<std::int64_t>(
            [event](Write& write) { return sqlite::retry_parked(write, event); });
    }
    Task<std::int64_t> drop_parked(EventId event) override {
        return write<std::int64_t>(
            [event](Write& write) { return sqlite::drop_parked(write, event); });
    }
    Task<LeaseState> read_lease() override { co_return lease_.state(); }
    AuditLog& audit_log() override { return *audit_log_; }

    void on_event(std::function<void()> nudge) override { writer_.on_event(std::move(nudge)); }

    Task<void> ping() override {
        readers_.run([](Connection& db) { return db.read_number("PRAGMA schema_version"); });
        if (!writer_.is_failing()) co_return;
        // After a failure only a write can tell; no caller may come while we are not ready.
        co_await change(sqlite::probe);
    }

  private:
    // The work owns what it needs: it runs after the operation's own call has returned.
    template <class T>
    Task<T> write(std::function<T(Write&)> work) {
        return writer_.run(std::move(work));
    }
    Task<void> change(std::function<void(Write&)> work) {
        std::function<Done(Write&)> done = [work = std::move(work)](Write& write) {
            work(write);
            return Done{};
        };
        co_await writer_.run(std::move(done));
    }
    template <class T>
    Task<T> read(std::function<T(Connection&)> work) {
        co_return readers_.run(work);
    }

    const std::filesystem::path path_;
    const Clock clock_;
    sqlite::Lease lease_;
    // In this order: the readers close first, then the writer, which checkpoints, then others may
    // have it.
    sqlite::FileLock lock_;
    sqlite::CachedRows cached_;
    sqlite::Writer writer_;
    sqlite::Readers readers_;
    const std::unique_ptr<AuditLog> audit_log_;
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(SqliteSettings settings) {
    return std::make_unique<SqliteStore>(std::move(settings));
}

bool is_sqlite_owned(const std::filesystem::path& path) {
    return sqlite::FileLock::is_held(sqlite::resolve(path));
}

MigrationResult migrate_sqlite(const std::filesystem::path& path) {
    const std::filesystem::path resolved = sqlite::resolve(path);
    const sqlite::FileLock lock(resolved);
    return sqlite::open_writer(resolved).migration;
}

}  // namespace userd
