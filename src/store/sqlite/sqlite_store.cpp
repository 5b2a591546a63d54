#include "store/sqlite/sqlite_store.hpp"

#include <utility>

#include "store/sqlite/hash_formats.hpp"
#include "store/sqlite/lock.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/outbox.hpp"
#include "store/sqlite/readers.hpp"
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
          lock_(path_),
          writer_(sqlite::open_writer(path_).writer, settings.queue, settings.clock),
          readers_(path_, settings.readers) {}

    Task<Result<User>> add_user(NewUser user, std::string traceparent) override {
        std::function<Result<User>(Write&)> work = [user = std::move(user),
                                                    trace = std::move(traceparent)](Write& write) {
            return sqlite::add_user(write, user, trace);
        };
        co_return co_await writer_.run(std::move(work));
    }

    Task<bool> is_taken(std::string username_key, std::string email_key) override {
        co_return readers_.run(
            [&](Connection& db) { return sqlite::is_taken(db, username_key, email_key); });
    }

    Task<Result<Login>> find_login(std::string key) override {
        co_return readers_.run([&](Connection& db) { return sqlite::find_login(db, key); });
    }

    Task<Result<Session>> open_session(OpenSession request) override {
        std::function<Result<Session>(Write&)> work = [request = std::move(request)](Write& write) {
            return sqlite::open_session(write, request);
        };
        co_return co_await writer_.run(std::move(work));
    }

    Task<Rotation> rotate_session(Rotate request) override {
        std::function<Rotation(Write&)> work = [request = std::move(request)](Write& write) {
            return sqlite::rotate_session(write, request);
        };
        co_return co_await writer_.run(std::move(work));
    }

    Task<Result<Profile>> read_profile(UserId user, SessionId session) override {
        const Timestamp now = clock_();
        co_return readers_.run(
            [&](Connection& db) { return sqlite::read_profile(db, user, session, now); });
    }

    Task<Result<User>> find_user(std::string key) override {
        co_return readers_.run([&](Connection& db) { return sqlite::find_user(db, key); });
    }

    Task<std::vector<User>> list_users(Page page) override {
        co_return readers_.run([&](Connection& db) { return sqlite::list_users(db, page); });
    }

    Task<Result<User>> set_email(UserId user, std::string email, std::string email_key) override {
        std::function<Result<User>(Write&)> work = [user, email = std::move(email),
                                                    key = std::move(email_key)](Write& write) {
            return sqlite::set_email(write, user, email, key);
        };
        co_return co_await writer_.run(std::move(work));
    }

    Task<Result<User>> set_disabled(UserId user, bool disabled) override {
        std::function<Result<User>(Write&)> work = [user, disabled](Write& write) {
            return sqlite::set_disabled(write, user, disabled);
        };
        co_return co_await writer_.run(std::move(work));
    }

    Task<Result<User>> delete_user(UserId user) override {
        std::function<Result<User>(Write&)> work = [user](Write& write) {
            return sqlite::delete_user(write, user);
        };
        co_return co_await writer_.run(std::move(work));
    }

    Task<std::vector<std::string>> hash_formats() override {
        co_return readers_.run([](Connection& db) { return sqlite::hash_formats(db); });
    }

    Task<std::int64_t> count_sessions() override {
        const Timestamp now = clock_();
        co_return readers_.run([&](Connection& db) { return sqlite::count_sessions(db, now); });
    }

    Task<std::vector<Event>> waiting_events(std::int64_t after, int limit) override {
        co_return readers_.run(
            [&](Connection& db) { return sqlite::waiting_events(db, after, limit); });
    }

    Task<std::vector<Waiting>> list_waiting(int limit) override {
        co_return readers_.run([&](Connection& db) { return sqlite::list_waiting(db, limit); });
    }

    Task<void> remove_sent(std::vector<std::int64_t> sequences) override {
        std::function<Done(Write&)> work = [sequences = std::move(sequences)](Write& write) {
            sqlite::remove_sent(write, sequences);
            return Done{};
        };
        co_await writer_.run(std::move(work));
    }

    Task<void> park_event(std::int64_t sequence, std::string reason) override {
        std::function<Done(Write&)> work = [sequence, reason = std::move(reason)](Write& write) {
            sqlite::park_event(write, sequence, reason);
            return Done{};
        };
        co_await writer_.run(std::move(work));
    }

    Task<OutboxStats> outbox_stats() override {
        co_return readers_.run([](Connection& db) { return sqlite::outbox_stats(db); });
    }

    void on_event(std::function<void()> nudge) override { writer_.on_event(std::move(nudge)); }

    Task<void> ping() override {
        readers_.run([](Connection& db) { return db.read_number("PRAGMA schema_version"); });
        if (!writer_.is_failing()) co_return;
        // After a failure only a write can tell; no caller may come while we are not ready.
        std::function<Done(Write&)> work = [](Write& write) {
            sqlite::probe(write);
            return Done{};
        };
        co_await writer_.run(std::move(work));
    }

  private:
    const std::filesystem::path path_;
    const Clock clock_;
    // In this order: the readers close first, then the writer, which checkpoints, then others may
    // have it.
    sqlite::FileLock lock_;
    sqlite::Writer writer_;
    sqlite::Readers readers_;
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
