#include <gmock/gmock.h>

#include <set>

#include "store/store_contract.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Type = AuditType;

class AuditContract : public StoreContract {
  protected:
    std::int64_t lease() {
        return run_task(log().lease_outbox({"test", std::chrono::hours(24 * 365)})).value().epoch;
    }
    AuditLog& log() { return store_->audit_log(); }
    std::vector<Event> read(std::int64_t after = 0, int limit = 1000) {
        return run_task(log().waiting_events(after, limit, lease()));
    }
    std::vector<AuditEvent> audited() {
        std::vector<AuditEvent> events;
        for (const Event& event : read())
            events.push_back(*event.audit);
        return events;
    }
    /// What came since the last call, as "type reason".
    std::vector<std::string> news() {
        std::vector<std::string> lines;
        std::vector<std::int64_t> sequences;
        for (const Event& event : read()) {
            const AuditEvent& audit = *event.audit;
            lines.push_back(std::string(stored_name(audit.type)) +
                            (audit.reason.empty() ? "" : " " + audit.reason));
            sequences.push_back(event.sequence);
        }
        run_task(log().remove_sent(sequences, lease()));
        return lines;
    }
    Session open_from(const User& user, const std::string& address, int most = 50) {
        OpenSession request = opening(user);
        request.client.address = address;
        request.max_sessions = most;
        return try_open(std::move(request)).value();
    }
    static AuditEvent failure(std::optional<UserId> user = std::nullopt) {
        AuditEvent event;
        event.time = from_unix_millis(1'700'000'000'123);
        event.id = EventId::make(event.time);
        event.type = Type::login_failed;
        event.user = user;
        event.reason = "bad_credentials";
        event.network = "2001:db8:1::/48";
        return event;
    }
    static StoredKey key(const std::string& id, KeyState state) {
        StoredKey made;
        made.id = id;
        made.algorithm = "ES256";
        made.state = state;
        made.public_jwk = "{}";
        made.sealed = "sealed";
        made.sealed_by = "sealer";
        if (state == KeyState::retired) made.verify_until = system_now();
        return made;
    }
};

INSTANTIATE_TEST_SUITE_P(Backends, AuditContract, testing::ValuesIn(audited_backends()),
                         [](const auto& backend) { return backend.param.name; });

using SilentContract = AuditContract;
INSTANTIATE_TEST_SUITE_P(Backends, SilentContract, testing::ValuesIn(backends()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(AuditContract, ALoginTellsWhoAndFromWhichNetwork) {
    const User user = ada();
    const Session session = open_from(user, "192.0.2.77");
    const auto events = audited();
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(events[0].type, Type::login);
    EXPECT_EQ(events[0].user, user.id);
    EXPECT_EQ(events[0].session, session.id);
    EXPECT_EQ(events[0].network, "192.0.2.0/24");
    EXPECT_EQ(events[0].reason, "");
    EXPECT_EQ(whole_seconds(events[0].time), session.rotated_at);
    EXPECT_NE(events[0].id, EventId());
}

TEST_P(AuditContract, ALoginThatIsRefusedInTheStoreIsNone) {
    const User user = ada();
    OpenSession request = opening(user);
    request.verified_hash = "another";
    EXPECT_FALSE(try_open(std::move(request)).has_value());
    EXPECT_THAT(news(), IsEmpty());
}

TEST_P(AuditContract, EachEndOfASessionIsToldOnceWithItsReason) {
    const User user = ada();
    const Session one = open(user);
    open(user);
    open(user);
    (void)news();
    EXPECT_TRUE(run_task(store_->end_session(user.id, one.id, "logout")));
    EXPECT_EQ(audited().at(0).session, one.id);
    EXPECT_THAT(news(), ElementsAre("session_ended logout"));
    EXPECT_FALSE(run_task(store_->end_session(user.id, one.id, "logout")));
    EXPECT_THAT(news(), IsEmpty());
    EXPECT_EQ(run_task(store_->end_sessions(user.id, "logout")), 2);
    EXPECT_THAT(news(), ElementsAre("session_ended logout", "session_ended logout"));
    EXPECT_EQ(run_task(store_->end_sessions(user.id, "logout")), 0);
    EXPECT_THAT(news(), IsEmpty());
}

TEST_P(AuditContract, AnExpiredSessionHasNoEnd) {
    const User user = ada();
    const Session session = open(user);
    (void)news();
    clock_.advance(std::chrono::days(8));
    EXPECT_FALSE(run_task(store_->end_session(user.id, session.id, "logout")));
    EXPECT_EQ(run_task(store_->end_sessions(user.id, "logout")), 0);
    run_task(store_->sweep_sessions(SessionId(), 100));
    EXPECT_THAT(news(), IsEmpty());
}

TEST_P(AuditContract, ASessionThatMakesRoomEndsByTheLimit) {
    const User user = ada();
    const Session first = open_from(user, "", 1);
    clock_.advance(std::chrono::seconds(1));
    (void)news();
    open_from(user, "", 1);
    const auto events = audited();
    EXPECT_THAT(news(), UnorderedElementsAre("login", "session_ended limit"));
    for (const AuditEvent& event : events)
        if (event.type == Type::session_ended) {
            EXPECT_EQ(event.session, first.id);
        }
}

TEST_P(AuditContract, AReusedTokenIsToldOnceAndRotationsAreNot) {
    const User user = ada();
    const Session session = open(user);
    (void)news();
    for (const std::int64_t generation : {1, 1, 2})
        rotate(session, generation);
    EXPECT_THAT(news(), IsEmpty());
    Rotate reuse = rotation_of(session, 1);
    reuse.client.address = "::ffff:198.51.100.9";
    EXPECT_EQ(run_task(store_->rotate_session(reuse)).outcome, Rotation::Outcome::reused);
    const auto events = audited();
    EXPECT_THAT(news(), ElementsAre("token_reused"));
    EXPECT_EQ(events.at(0).session, session.id);
    EXPECT_EQ(events.at(0).user, user.id);
    EXPECT_EQ(events.at(0).network, "198.51.100.0/24");
    EXPECT_EQ(rotate(session, 1).outcome, Rotation::Outcome::refused);
    EXPECT_EQ(rotate(session, 3).outcome, Rotation::Outcome::refused);
    EXPECT_THAT(news(), IsEmpty());
}

TEST_P(AuditContract, ChangesOfAUserThatChangeNothingAreNotTold) {
    const User user = ada();
    open(user);
    (void)news();
    run_task(store_->set_email(user.id, "new@example.org", "new@example.org"));
    run_task(store_->set_email(user.id, "new@example.org", "new@example.org"));
    EXPECT_THAT(news(), ElementsAre("email_changed"));
    run_task(store_->set_disabled(user.id, true));
    run_task(store_->set_disabled(user.id, true));
    EXPECT_THAT(news(), ElementsAre("user_disabled", "session_ended disabled"));
    run_task(store_->set_disabled(user.id, false));
    EXPECT_THAT(news(), ElementsAre("user_enabled"));
    open(user);
    (void)news();
    run_task(store_->delete_user(user.id));
    EXPECT_FALSE(run_task(store_->delete_user(user.id)).has_value());
    EXPECT_THAT(news(), ElementsAre("user_deleted"));
    EXPECT_FALSE(run_task(store_->set_disabled(user.id, true)).has_value());
    EXPECT_THAT(news(), IsEmpty());
}

TEST_P(AuditContract, AnEmailThatIsTakenChangesNothing) {
    const User user = ada();
    add("bob", "bob@example.org");
    EXPECT_FALSE(
        run_task(store_->set_email(user.id, "bob@example.org", "bob@example.org")).has_value());
    EXPECT_THAT(news(), IsEmpty());
}

TEST_P(AuditContract, WhatBecameOfEachKeyIsTold) {
    EXPECT_TRUE(run_task(store_->replace_key_ring(0, {key("one", KeyState::active)})));
    EXPECT_EQ(audited().at(0).key, "one");
    EXPECT_EQ(audited().at(0).user, std::nullopt);
    EXPECT_THAT(news(), ElementsAre("key_changed activated"));
    EXPECT_TRUE(run_task(
        store_->replace_key_ring(1, {key("one", KeyState::active), key("two", KeyState::next)})));
    EXPECT_THAT(news(), ElementsAre("key_changed published"));
    EXPECT_FALSE(run_task(store_->replace_key_ring(1, {})));
    EXPECT_THAT(news(), IsEmpty());
    EXPECT_TRUE(run_task(store_->replace_key_ring(
        2, {key("one", KeyState::retired), key("two", KeyState::active)})));
    EXPECT_THAT(news(), UnorderedElementsAre("key_changed retired", "key_changed activated"));
    EXPECT_TRUE(run_task(store_->replace_key_ring(3, {key("two", KeyState::active)})));
    EXPECT_THAT(news(), ElementsAre("key_changed removed"));
    StoredKey sealed_anew = key("two", KeyState::active);
    sealed_anew.sealed = "anew";
    EXPECT_TRUE(run_task(store_->replace_key_ring(4, {sealed_anew})));
    EXPECT_THAT(news(), IsEmpty()) << "no change of a key";
}

TEST_P(AuditContract, AddedEventsAreReadAsTheyWere) {
    const User user = ada();
    AuditEvent session = failure(user.id);
    session.session = SessionId::make(system_now());
    session.key = "kid";
    const std::vector<AuditEvent> events = {failure(), session, failure(user.id)};
    run_task(log().add(events));
    run_task(log().add({events[0]}));  // as a repetition does
    EXPECT_EQ(audited(), events);
    EXPECT_EQ(run_task(log().count_waiting()), 3);
    run_task(log().add({}));
    EXPECT_EQ(run_task(log().count_waiting()), 3);
}

TEST_P(AuditContract, ThoseOfOneUserAreInOrderAndThoseOfNobodyInNone) {
    const User user = ada();
    run_task(log().add({failure(user.id), failure(), failure(user.id), failure()}));
    const auto events = read();
    ASSERT_THAT(events, SizeIs(4));
    EXPECT_EQ(events[0].user, user.id);
    EXPECT_EQ(events[2].user, user.id);
    EXPECT_NE(events[1].user, events[3].user);
    if (events[2].previous != 0) {
        EXPECT_EQ(events[2].previous, events[0].sequence);
    }
    EXPECT_EQ(events[0].previous, 0);
    EXPECT_EQ(events[1].previous, 0);
    EXPECT_EQ(events[3].previous, 0);
    EXPECT_THAT(read(events[1].sequence, 1), SizeIs(1));
    EXPECT_EQ(read(events[1].sequence, 1)[0].sequence, events[2].sequence);
}

TEST_P(AuditContract, AParkedEventHoldsBackItsUsersOnly) {
    const User user = ada();
    const User bob = add("bob", "bob@example.org").value();
    run_task(log().add({failure(user.id), failure(bob.id), failure(user.id), failure()}));
    const auto events = read();
    run_task(log().park_event(events[0].sequence, "too large", lease()));
    const auto left = read();
    ASSERT_THAT(left, SizeIs(2));
    EXPECT_EQ(left[0].user, bob.id);
    EXPECT_EQ(run_task(log().count_parked()), 1);
    EXPECT_EQ(run_task(log().count_waiting()), 4);
}

TEST_P(AuditContract, WithoutTheLeaseNothingIsReadRemovedOrParked) {
    run_task(log().add({failure()}));
    const std::int64_t epoch = lease();
    const std::int64_t sequence = read().at(0).sequence;
    run_task(log().release_outbox(epoch));
    EXPECT_THROW(run_task(log().waiting_events(0, 10, epoch)), LeaseLost);
    EXPECT_THROW(run_task(log().remove_sent({sequence}, epoch)), LeaseLost);
    EXPECT_THROW(run_task(log().park_event(sequence, "", epoch)), LeaseLost);
    EXPECT_THAT(read(), SizeIs(1));
    EXPECT_FALSE(run_task(log().lease_outbox({"another", std::chrono::seconds(5)})).has_value());
}

TEST_P(AuditContract, ItsLeaseIsNotThatOfTheUsersEvents) {
    ada();
    const std::int64_t users = outbox_epoch(*store_);
    EXPECT_TRUE(run_task(log().lease_outbox({"another", std::chrono::seconds(5)})).has_value());
    EXPECT_THAT(run_task(store_->waiting_events(0, 10, users)), SizeIs(1));
}

TEST_P(AuditContract, OfManyAtOnceNoneIsLost) {
    const User user = ada();
    std::vector<std::function<Task<Result<Session>>()>> logins(
        40, [&] { return store_->open_session(opening(user)); });
    const auto opened = run_together(logins);
    ASSERT_EQ(opened.values.size(), 40U);
    std::set<SessionId> sessions;
    for (const AuditEvent& event : audited())
        sessions.insert(event.session.value());
    EXPECT_THAT(sessions, SizeIs(40));
}

TEST_P(SilentContract, WithoutAuditNothingIsWritten) {
    const User user = ada();
    const Session one = open(user);
    for (const std::int64_t generation : {1, 2, 1})
        rotate(one, generation);
    const Session two = open_from(user, "192.0.2.1", 1);
    open_from(user, "192.0.2.1", 1);
    run_task(store_->end_session(user.id, two.id, "logout"));
    run_task(store_->end_sessions(user.id, "logout"));
    run_task(store_->set_email(user.id, "new@example.org", "new@example.org"));
    run_task(store_->set_disabled(user.id, true));
    run_task(store_->set_disabled(user.id, false));
    run_task(store_->delete_user(user.id));
    run_task(store_->replace_key_ring(0, {key("one", KeyState::active)}));
    EXPECT_EQ(run_task(log().count_waiting()), 0);
}

TEST(ClientNetwork, IsTheFirstBitsOfAnAddress) {
    EXPECT_EQ(client_network("203.0.113.255"), "203.0.113.0/24");
    EXPECT_EQ(client_network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    EXPECT_EQ(client_network("fe80::1%eth0"), "fe80::/48");
    EXPECT_EQ(client_network("::ffff:203.0.113.9"), "203.0.113.0/24");
    EXPECT_EQ(client_network("::1"), "::/48");
    for (const char* none : {"", "unknown", "203.0.113", "203.0.113.9:80", "ada@example.com"})
        EXPECT_EQ(client_network(none), "") << none;
}

}  // namespace
}  // namespace userd
