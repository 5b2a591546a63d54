#include "app/admin.hpp"

#include <set>

#include "accounts/accounts_fixture.hpp"
#include "support/gate.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Commands on the store and accounts of the accounts' own tests.
class AdminTest : public AccountsFixture {
  protected:
    using AccountsFixture::AccountsFixture;

    AdminReply run(AdminRequest request) {
        return run_task(
            run_admin({*store_, accounts_, nullptr, [] { return std::string("a word"); }},
                      std::move(request)));
    }
    AdminReply run(const std::string& command, const std::string& name = {},
                   const std::string& email = {}) {
        AdminRequest request;
        request.command = command;
        request.name = name;
        request.email = email;
        return run(std::move(request));
    }
    static AdminRequest adding(const std::string& name, const std::string& email) {
        AdminRequest request;
        request.command = "users add";
        request.name = name;
        request.email = email;
        request.password = Secret(std::string_view(kPassword));
        return request;
    }
    /// One line of JSON; every line must be some.
    std::vector<json::object> run_json(const std::string& command, const std::string& name = {},
                                       int limit = 100) {
        AdminRequest request;
        request.command = command;
        request.name = name;
        request.json = true;
        request.limit = limit;
        std::vector<json::object> objects;
        const AdminReply reply = run(std::move(request));
        std::string_view left = reply.output;
        for (std::size_t end = 0; (end = left.find('\n')) != std::string_view::npos;) {
            objects.push_back(json::parse(left.substr(0, end)).as_object());
            left.remove_prefix(end + 1);
        }
        EXPECT_EQ(left, "");
        return objects;
    }
    static void expect_failure(const AdminReply& reply, const std::string& error) {
        EXPECT_EQ(reply.exit_code, 1);
        EXPECT_EQ(reply.output, "");
        EXPECT_EQ(reply.error, error);
    }
};

TEST_F(AdminTest, AnUnknownCommandIsAFaultOfTheCaller) {
    for (const char* const command : {"", "users", "users drop", "USERS LIST", "users list "})
        EXPECT_THROW((void)run(command), std::invalid_argument) << command;
}

TEST_F(AdminTest, AddedUsersLogIn) {
    const AdminReply reply = run(adding("Ada", "Ada@Example.ORG"));
    EXPECT_EQ(reply.exit_code, 0);
    EXPECT_EQ(reply.error, "");
    EXPECT_THAT(reply.output, AllOf(HasSubstr("Ada  Ada@example.org  enabled  version 1"),
                                    Not(HasSubstr("argon2"))));
    EXPECT_TRUE(log_in("ada"));
}

TEST_F(AdminTest, WhatRegistrationRefusesIsRefusedByField) {
    ada();
    expect_failure(run(adding("a", "a@example.org")),
                   "username: String should have at least 3 characters");
    expect_failure(run(adding("bob", "bob")),
                   "e-mail: value is not a valid email address: An email address must have an "
                   "@-sign.");
    AdminRequest weak = adding("bob", "bob@example.org");
    weak.password = Secret(std::string_view("short"));
    expect_failure(run(std::move(weak)), "password: String should have at least 8 characters");
    for (const char* const hash :
         {"x", "$2b$31$abcdefghijklmnopqrstuOLrQtgp40oX1Fmk37fL.bL3cqygiriji", "plain:secret"}) {
        AdminRequest odd = adding("bob", "bob@example.org");
        odd.password_hash = hash;
        const AdminReply reply = run(std::move(odd));
        EXPECT_EQ(reply.exit_code, 1);
        EXPECT_THAT(reply.error,
                    AllOf(testing::StartsWith("--password-hash: "), Not(HasSubstr("secret"))));
    }
    expect_failure(run(adding("ADA", "new@example.org")),
                   "a user with this name or e-mail already exists");
    EXPECT_EQ(events().size(), 1U);
}

TEST_F(AdminTest, AUserIsFoundByNameEmailAndId) {
    const User user = ada();
    const AdminReply shown = run("users show", "ADA");
    EXPECT_EQ(run("users show", "ada@EXAMPLE.org").output, shown.output);
    EXPECT_EQ(run("users show", user.id.to_string()).output, shown.output);
    for (const char* const name : {"nobody", "", "ad", "ada@", "%", "a_a"})
        for (const char* const command :
             {"users show", "users disable", "users enable", "users delete"})
            expect_failure(run(command, name),
                           "no user has the name, e-mail or id '" + std::string(name) + "'");
    EXPECT_EQ(events().size(), 1U);
}

TEST_F(AdminTest, UsersAsJsonHaveTheirStateAndNoHash) {
    const User user = ada();
    const auto shown = run_json("users show", "ada");
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(shown[0], (json::object{{"id", user.id.to_string()},
                                      {"username", "Ada"},
                                      {"email", "Ada@example.org"},
                                      {"disabled", false},
                                      {"version", 1},
                                      {"created_at", "2023-11-14T22:13:20.250Z"},
                                      {"updated_at", "2023-11-14T22:13:20.250Z"}}));
}

TEST_F(AdminTest, ListsEveryUserOnceHoweverMany) {
    std::vector<std::function<Task<Result<User>>()>> starts;
    for (int i = 0; i < 1003; ++i)
        starts.emplace_back([this, i] {
            NewUser user;
            user.id = UserId::make(clock_.now());
            user.username = (i % 2 == 0 ? "User" : "user") + std::to_string(i);
            user.username_key = "user" + std::to_string(i);
            user.email = user.email_key = user.username_key + "@example.org";
            user.password_hash = kBcryptHash;
            user.hash_format = hash_format(kBcryptHash);
            return store_->add_user(std::move(user), "");
        });
    ASSERT_TRUE(run_together(starts).failures.empty());
    std::set<std::string> seen;
    std::vector<std::string> order;
    for (const json::object& user : run_json("users list")) {
        order.emplace_back(user.at("email").as_string());
        EXPECT_TRUE(seen.insert(order.back()).second) << order.back();
    }
    EXPECT_EQ(seen.size(), 1003U);
}

TEST_F(AdminTest, SettingAnEmailIsOneChange) {
    const User before = ada();
    add("Bob", "bob@example.org").value();
    EXPECT_THAT(run("users set-email", "ada", "New@Example.ORG").output,
                HasSubstr("New@example.org  enabled  version 2"));
    EXPECT_EQ(events().size(), 3U);
    EXPECT_EQ(run("users set-email", "ada", "New@example.org").exit_code, 0);
    EXPECT_EQ(events().size(), 3U);
    expect_failure(run("users set-email", "ada", "BOB@example.org"),
                   "another user has the e-mail 'BOB@example.org'");
    EXPECT_EQ(run("users set-email", "ada", "none").exit_code, 1);
    EXPECT_EQ(run("users set-email", "nobody", "n@example.org").exit_code, 1);
    EXPECT_EQ(stored_user("ada").version, 2);
    EXPECT_EQ(run_task(store_->find_user("ada@example.org")).has_value(), false);
}

TEST_F(AdminTest, DisablingTwiceIsOneChange) {
    ada();
    for (int i = 0; i < 2; ++i)
        EXPECT_THAT(run("users disable", "ada").output, HasSubstr("disabled  version 2"));
    for (int i = 0; i < 2; ++i)
        EXPECT_THAT(run("users enable", "ada").output, HasSubstr("enabled  version 3"));
    EXPECT_EQ(events().size(), 3U);
    EXPECT_TRUE(log_in("ada"));
}

TEST_F(AdminTest, DeletingSaysWho) {
    const User user = ada();
    EXPECT_EQ(run("users delete", "ADA").output, "deleted Ada (" + user.id.to_string() + ")\n");
    EXPECT_EQ(run("users delete", "ada").exit_code, 1);
}

TEST_F(AdminTest, EventsThatWaitAreCountedAndListed) {
    EXPECT_EQ(run("events list").output, "no events wait\n");
    EXPECT_TRUE(run_json("events list").empty());
    const json::object no_lease{{"epoch", 0}, {"holder", nullptr}, {"until", nullptr}};
    EXPECT_EQ(run_json("events status").at(0), (json::object{{"waiting", 0},
                                                             {"parked", 0},
                                                             {"oldest_age_seconds", 0},
                                                             {"sent_per_second", 0},
                                                             {"lease", no_lease},
                                                             {"kafka", "a word"}}));
    const User user = ada();
    run("users delete", "ada");
    const auto parked = events().front();
    run_task(store_->park_event(parked.sequence, "Broker: Message size too large",
                                outbox_epoch(*store_)));
    const auto status = run_json("events status").at(0);
    EXPECT_EQ(status.at("waiting"), 2);
    EXPECT_EQ(status.at("parked"), 1);
    const auto listed = run_json("events list");
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].at("type"), "user.registered");
    EXPECT_EQ(listed[0].at("parked"), "Broker: Message size too large");
    EXPECT_EQ(listed[1].at("type"), "user.deleted");
    EXPECT_EQ(listed[1].at("user").as_string(), user.id.to_string());
    EXPECT_EQ(listed[1].at("version"), 2);
    EXPECT_EQ(listed[1].count("username"), 0U);
    EXPECT_EQ(run_json("events list", "", 1).at(0).at("type"), "user.deleted");
    EXPECT_THAT(run("events list").output, HasSubstr("parked: Broker: Message size too large\n"));
}

class AdminOfABusyServer : public AdminTest {
  protected:
    AdminOfABusyServer()
        : AdminTest({.threads = 1, .queue = 0, .deadline = std::chrono::hours(1)}) {}
    Gate gate_;
};

TEST_F(AdminOfABusyServer, IsToldToTryAgain) {
    pool_.observe(gate_.observer());
    Stepped<Result<std::string>> running(pool_.hash(Secret(std::string_view("x"))));
    gate_.await(1);
    expect_failure(run(adding("ada", "ada@example.org")),
                   "the server is busy hashing passwords; try again");
    EXPECT_EQ(run("users show", "ada").exit_code, 1);
    gate_.open();
    EXPECT_TRUE(running.finish());
}

}  // namespace
}  // namespace userd
