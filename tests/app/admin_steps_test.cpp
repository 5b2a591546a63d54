#include "app/admin_steps.hpp"

#include <set>

#include "accounts/accounts_fixture.hpp"
#include "app/admin.hpp"

namespace userd {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

/// More than one step takes.
constexpr int kMany = 230;

class AdminStepsTest : public AccountsFixture {
  protected:
    AdminReply run(const std::string& command, AdminStep step = {}) {
        AdminRequest request;
        request.command = command;
        request.step = std::move(step);
        return run_task(
            run_admin({*store_, accounts_, nullptr, [] { return std::string("a word"); }},
                      std::move(request)));
    }
    json::object ask(const std::string& command, AdminStep step = {}) {
        const AdminReply reply = run(command, std::move(step));
        EXPECT_EQ(reply.error, "");
        return json::parse(reply.output).as_object();
    }
    User add(const std::string& name) {
        NewUser user;
        user.id = UserId::make(system_now());
        user.username = user.username_key = name;
        user.email = user.email_key = name + "@example.org";
        user.password_hash = "hash";
        user.hash_format = "format";
        return run_task(store_->add_user(user, "")).value();
    }
    void add_many() {
        for (int i = 0; i < kMany; ++i)
            add("user" + std::to_string(i));
    }
    std::vector<Event> waiting() {
        return run_task(store_->waiting_events(0, 10'000, outbox_epoch(*store_)));
    }
    void send_all() {
        std::vector<std::int64_t> sequences;
        for (const Event& event : waiting())
            sequences.push_back(event.sequence);
        run_task(store_->remove_sent(sequences, outbox_epoch(*store_)));
    }
    /// How many steps it took.
    int snapshot(AdminStep step, std::int64_t& events) {
        for (int steps = 1;; ++steps) {
            const json::object done = ask("step snapshot", step);
            events += done.at("events").to_number<std::int64_t>();
            step.after = std::string_view(done.at("next").as_string());
            if (step.after.empty()) return steps;
        }
    }
};

TEST_F(AdminStepsTest, ReplayTakesEachEventOnceInSeveralSteps) {
    add_many();
    send_all();
    AdminStep step;
    std::int64_t events = 0;
    int steps = 0;
    do {
        const json::object done = ask("step replay", step);
        events += done.at("events").to_number<std::int64_t>();
        step.after = std::string_view(done.at("next").as_string());
        step.until = done.at("until").to_number<std::int64_t>();
        // What is written meanwhile is not of this replay.
        add("late" + std::to_string(steps));
        ++steps;
    } while (step.after != "0");
    EXPECT_EQ(events, kMany);
    EXPECT_GT(steps, 1);
    EXPECT_EQ(waiting().size(), static_cast<std::size_t>(kMany + steps));
}

TEST_F(AdminStepsTest, ReplayOfNothingEndsAtOnce) {
    const json::object done = ask("step replay");
    EXPECT_EQ(done.at("next"), "0");
    EXPECT_EQ(done.at("events"), 0);
}

TEST_F(AdminStepsTest, ReplayOfAUserTakesAnyOfTheNamesAndTheIdOfADeletedOne) {
    const User ada = add("ada");
    for (const std::string& name : {std::string("ADA"), std::string("ada@example.org")}) {
        AdminStep step;
        step.user = name;
        EXPECT_EQ(ask("step replay-user", step).at("events"), 1) << name;
    }
    run_task(store_->delete_user(ada.id));
    AdminStep step;
    step.user = ada.id.to_string();
    EXPECT_EQ(ask("step replay-user", step).at("events"), 2);
    step.user = "ada";
    EXPECT_THAT(run("step replay-user", step).error, HasSubstr("no user has the name"));
    step.user = UserId::make(system_now()).to_string();
    EXPECT_THAT(run("step replay-user", step).error, HasSubstr("no event of"));
}

TEST_F(AdminStepsTest, SnapshotTakesEveryUserOnceInSeveralSteps) {
    add_many();
    send_all();
    std::int64_t events = 0;
    EXPECT_GT(snapshot({}, events), 1);
    EXPECT_EQ(events, kMany);
    std::set<UserId> users;
    for (const Event& event : waiting())
        users.insert(event.user);
    EXPECT_EQ(users.size(), static_cast<std::size_t>(kMany));
}

TEST_F(AdminStepsTest, SweptOnlyTakesThoseThatAreNotKept) {
    add("ada");
    send_all();
    run_task(store_->sweep_events(0, 10, std::chrono::milliseconds(0)));
    add("bob");
    send_all();
    AdminStep step;
    step.swept_only = true;
    std::int64_t events = 0;
    snapshot(step, events);
    EXPECT_EQ(events, 1);
    ASSERT_EQ(waiting().size(), 1U);
    EXPECT_EQ(waiting()[0].state->username, "ada");
}

TEST_F(AdminStepsTest, UsersAreToldAsVerifyReadsThem) {
    const User ada = add("ada");
    const json::object page = ask("step users");
    EXPECT_EQ(page.at("next"), "");
    const StoredUser user = stored_user_of(page.at("rows").at(0));
    const Event event = waiting().at(0);
    EXPECT_EQ(user.user, ada.id);
    EXPECT_EQ(user.version, 1);
    EXPECT_EQ(user.id, event.id);
    EXPECT_EQ(user.fingerprint, fingerprint_of(event.state));
    EXPECT_FALSE(user.deleted);
    EXPECT_TRUE(user.waiting);
    add("bob");
    AdminStep step;
    step.ids = {ada.id.to_string(), UserId::make(system_now()).to_string()};
    EXPECT_EQ(ask("step users", step).at("rows").as_array().size(), 1U);
}

}  // namespace
}  // namespace userd
