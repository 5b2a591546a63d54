#include <gmock/gmock.h>

#include "store/postgres/copy_target.hpp"
#include "store/postgres_fixture.hpp"
#include "store/sqlite/copy_source.hpp"
#include "store/sqlite_fixture.hpp"
#include "store/store_contract.hpp"

namespace userd {
namespace {

using testing::HasSubstr;

/// A SQLite database with something in every table, and a PostgreSQL database to copy it to.
class Copy : public testing::Test {
  protected:
    Copy() {
        const auto store = open_source();
        for (int i = 0; i < 20; ++i) {
            const std::string name = "user" + std::to_string(i);
            const User user =
                run_task(store->add_user(make_new_user(name, name + "@x.org"), "trace")).value();
            OpenSession opening = make_opening(user.id);
            opening.client = {"192.0.2.1", "Mozilla/5.0 \"ü\" \\x00"};
            sessions_.push_back(run_task(store->open_session(opening)).value());
            users_.push_back(user);
        }
        run_task(store->set_disabled(users_[3].id, true)).value();
        run_task(store->delete_user(users_[4].id)).value();
        StoredKey key;
        key.id = "kid";
        key.algorithm = "ES256";
        key.state = KeyState::active;
        key.public_jwk = "{}";
        key.sealed = std::string("\0\xff\\x", 4);
        key.sealed_by = "master";
        key.created_at = system_now();
        run_task(store->replace_key_ring(0, {key}));
        run_task(store->add_service("shop", std::string(32, '\xfe')));
        run_task(store->count_attempts({{std::string(16, '\1'), std::chrono::hours(1)}}));
    }

    [[nodiscard]] std::unique_ptr<Store> open_source() const {
        SqliteSettings settings;
        settings.path = path();
        settings.audit = true;
        return make_sqlite_store(std::move(settings));
    }
    [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "userd.db"; }

    std::vector<CopiedTable> copy(const std::function<void(const CopyProgress&)>& progress =
                                      [](const CopyProgress&) {}) {
        const auto source = make_sqlite_source(path());
        const auto target = make_postgres_target(Secret(database_.conninfo()));
        return copy_all(*source, path().string(), *target, progress);
    }
    [[nodiscard]] std::string failure() {
        try {
            copy();
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "";
    }

    TemporaryFolder folder_;
    PostgresDatabase database_;
    RawPostgres raw_{database_.conninfo()};
    std::vector<User> users_;
    std::vector<Session> sessions_;
};

TEST_F(Copy, TheCopyServesAsTheSourceDid) {
    const std::vector<CopiedTable> report = copy();
    EXPECT_EQ(report.size(), copied_tables().size());
    for (const CopiedTable& table : report)
        EXPECT_GT(table.rows, 0) << table.table;

    const auto store = make_postgres_store(database_.settings(system_now));
    const auto source = open_source();
    EXPECT_EQ(run_task(store->list_users({})).size(), 19U);
    EXPECT_TRUE(run_task(store->find_user("USER3")).has_error());
    EXPECT_TRUE(run_task(store->find_user("user3"))->state.disabled);
    EXPECT_EQ(run_task(store->list_sessions(users_[0].id)).at(0).client.agent,
              "Mozilla/5.0 \"ü\" \\x00");
    EXPECT_TRUE(run_task(store->read_profile(users_[0].id, sessions_[0].id)));
    EXPECT_FALSE(run_task(store->read_profile(users_[3].id, sessions_[3].id)));
    EXPECT_EQ(run_task(store->read_key_ring()).keys, run_task(source->read_key_ring()).keys);
    EXPECT_EQ(run_task(store->key_ring_version()), 1);
    EXPECT_EQ(run_task(store->find_service("shop"))->secret_hash, std::string(32, '\xfe'));
    EXPECT_EQ(run_task(store->read_attempts({std::string(16, '\1')})).at(0).count, 1);
    EXPECT_EQ(run_task(store->hash_formats()), run_task(source->hash_formats()));
    EXPECT_EQ(run_task(store->outbox_stats()).waiting, run_task(source->outbox_stats()).waiting);
}

/// What waits in the audit log, in order.
std::vector<AuditEvent> audited(Store& store) {
    AuditLog& log = store.audit_log();
    const std::int64_t epoch =
        run_task(log.lease_outbox({"test", std::chrono::hours(1)})).value().epoch;
    std::vector<AuditEvent> events;
    for (const Event& event : run_task(log.waiting_events(0, 1000, epoch)))
        events.push_back(*event.audit);
    return events;
}

TEST_F(Copy, AuditEventsThatWaitGoOnInTheirOrderAndNewOnesComeAfterThem) {
    copy();
    PostgresSettings settings = database_.settings(system_now);
    settings.audit = true;
    const auto store = make_postgres_store(std::move(settings));
    run_task(store->set_email(users_[0].id, "new@x.org", "new@x.org")).value();
    std::vector<AuditEvent> events = audited(*store);
    ASSERT_GT(events.size(), 20U);
    EXPECT_EQ(events.back().type, AuditType::email_changed);
    events.pop_back();
    EXPECT_EQ(events, audited(*open_source()));
}

TEST_F(Copy, EventsThatWaitGoOnInTheirOrderAndNewOnesComeAfterThem) {
    copy();
    const auto store = make_postgres_store(database_.settings(system_now));
    run_task(store->set_email(users_[0].id, "new@x.org", "new@x.org")).value();
    std::vector<Store::Waiting> waiting = run_task(store->list_waiting(1000));
    EXPECT_EQ(waiting.back().event.user, users_[0].id);
    EXPECT_EQ(waiting.back().event.version, 2);
    waiting.pop_back();
    const auto source = open_source();
    const std::vector<Store::Waiting> before = run_task(source->list_waiting(1000));
    ASSERT_EQ(waiting.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i)
        EXPECT_EQ(waiting[i].event, before[i].event);
}

TEST_F(Copy, ACopyThatWasBrokenOffGoesOnAndEndsTheSame) {
    struct Enough {};
    for (const char* last : {"users", "sessions", "events", "outbox"}) {
        const auto stop = [last](const CopyProgress& progress) {
            if (progress.table == std::string_view(last) && progress.is_verifying) throw Enough();
        };
        EXPECT_THROW(copy(stop), Enough);
    }
    EXPECT_EQ(copy().size(), copied_tables().size());
}

TEST_F(Copy, AFinishedCopyIsNotDoneAgain) {
    copy();
    EXPECT_THAT(failure(), HasSubstr("was finished before"));
}

TEST_F(Copy, ADatabaseWithUsersOfItsOwnIsLeftAlone) {
    {
        const auto store = make_postgres_store(database_.settings(system_now));
        run_task(store->add_user(make_new_user("other", "other@x.org"), "")).value();
    }
    EXPECT_THAT(failure(), HasSubstr("holds users already"));
    EXPECT_EQ(raw_.value("SELECT count(*) FROM users"), "1");
}

TEST_F(Copy, AValueThatDiffersIsFound) {
    struct Enough {};
    EXPECT_THROW(copy([](const CopyProgress& progress) {
                     if (progress.is_verifying) throw Enough();
                 }),
                 Enough);
    raw_.run("UPDATE users SET email = 'someone@else.org' WHERE username = 'user7'");
    EXPECT_THAT(failure(), HasSubstr("the copy of users differs"));
}

TEST_F(Copy, TheSourceIsNotInUseMeanwhile) {
    const auto source = open_source();
    EXPECT_NE(failure(), "");
    EXPECT_EQ(raw_.value("SELECT count(*) FROM users"), "0");
}

TEST_F(Copy, ASourceThatIsNotThereIsNotMade) {
    EXPECT_THROW((void)make_sqlite_source(folder_.path() / "none.db"), std::runtime_error);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "none.db"));
}

}  // namespace
}  // namespace userd
