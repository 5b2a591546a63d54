#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "store/store.hpp"
#include "support/outbox_lease.hpp"
#include "support/run_task.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_clock.hpp"

namespace userd {

/// A kind of store that the contract suite runs on.
struct Backend {
    std::string name;
    /// An empty store, with reading provided for four loops.
    std::function<std::unique_ptr<Store>(const TemporaryFolder&, Clock)> make;
};

/// Every kind there is, in store_contract_test.cpp; a further one is added there.
[[nodiscard]] std::vector<Backend> backends();
/// The same with an audit log, which changes nothing else: the whole contract holds with it too.
[[nodiscard]] std::vector<Backend> audited_backends();

[[nodiscard]] inline NewUser make_new_user(const std::string& username, const std::string& email,
                                           const std::string& hash = "hash-1",
                                           const std::string& format = "format-1") {
    NewUser user;
    user.id = UserId::make(system_now());
    user.username = username;
    user.username_key = compared_form(username);
    user.email = email;
    user.email_key = compared_form(email);
    user.password_hash = hash;
    user.hash_format = format;
    return user;
}

/// Of a session of a user that make_new_user made.
[[nodiscard]] inline OpenSession make_opening(const UserId& user) {
    OpenSession request;
    request.id = SessionId::make(system_now());
    request.user = user;
    request.verified_hash = "hash-1";
    request.refresh_key_id = "key-1";
    request.refresh_lifetime = std::chrono::days(7);
    request.session_lifetime = std::chrono::days(30);
    return request;
}

/// The contract of Store, the same on every backend. Each test has a store of its own.
class StoreContract : public testing::TestWithParam<Backend> {
  protected:
    StoreContract() : store_(GetParam().make(folder_, clock_.clock())) {}

    Result<User> add(const std::string& username, const std::string& email) {
        return run_task(store_->add_user(make_new_user(username, email), ""));
    }
    User ada() { return add("Ada", "Ada@example.org").value(); }

    [[nodiscard]] static OpenSession opening(const User& user) { return make_opening(user.id); }
    Result<Session> try_open(OpenSession request) {
        return run_task(store_->open_session(std::move(request)));
    }
    Session open(const User& user) { return try_open(opening(user)).value(); }

    [[nodiscard]] static Rotate rotation_of(const Session& session, std::int64_t generation) {
        Rotate request;
        request.session = session.id;
        request.user = session.user;
        request.generation = generation;
        request.refresh_key_id = "key-2";
        request.refresh_lifetime = std::chrono::days(7);
        request.repeat_window = std::chrono::seconds(10);
        return request;
    }
    Rotation rotate(const Session& session, std::int64_t generation) {
        return run_task(store_->rotate_session(rotation_of(session, generation)));
    }

    std::vector<SessionInfo> sessions_of(const User& user) {
        return run_task(store_->list_sessions(user.id));
    }
    bool serves_profile(const Session& session) {
        return run_task(store_->read_profile(session.user, session.id)).has_value();
    }
    std::vector<Event> waiting(std::int64_t after = 0, int limit = 100) {
        std::vector<Event> events =
            run_task(store_->waiting_events(after, limit, outbox_epoch(*store_)));
        // Which kind of database tells of it is not the contract.
        for (Event& event : events)
            event.previous = 0;
        return events;
    }
    void remove_sent(std::vector<std::int64_t> sequences) {
        run_task(store_->remove_sent(std::move(sequences), outbox_epoch(*store_)));
    }
    void park(std::int64_t sequence, const std::string& reason) {
        run_task(store_->park_event(sequence, reason, outbox_epoch(*store_)));
    }

    TemporaryFolder folder_;
    TestClock clock_;
    std::unique_ptr<Store> store_;
};

}  // namespace userd
