#pragma once

#include "store/store.hpp"
#include "store/store_contract.hpp"
#include "support/test_clock.hpp"

namespace userd {

namespace scenario {

inline OpenSession opening(const User& user, int max_sessions = 50) {
    OpenSession request = make_opening(user.id);
    request.client = {"192.0.2.1", "it's an 'Agent' = 1, $2 = 2"};
    request.max_sessions = max_sessions;
    return request;
}

inline void rotate(Store& store, const Session& session, std::int64_t generation) {
    Rotate request;
    request.session = session.id;
    request.user = session.user;
    request.generation = generation;
    request.refresh_key_id = "key-2";
    request.refresh_lifetime = std::chrono::days(7);
    request.repeat_window = std::chrono::seconds(10);
    run_task(store.rotate_session(request));
}

inline void sessions(Store& store, TestClock& clock, const User& user) {
    const Session first = run_task(store.open_session(opening(user))).value();
    const Session second = run_task(store.open_session(opening(user, 2))).value();
    run_task(store.open_session(opening(user, 2)));
    OpenSession wrong = opening(user);
    wrong.verified_hash = "hash-0";
    run_task(store.open_session(wrong));
    OpenSession rehash = opening(user);
    rehash.rehash = Rehash{"hash-1", "format-2"};
    run_task(store.open_session(rehash));
    for (const std::int64_t generation : {1, 1, 2, 1})
        rotate(store, second, generation);
    rotate(store, first, 1);
    run_task(store.read_profile(user.id, rehash.id));
    run_task(store.read_session(user.id, rehash.id));
    run_task(store.list_sessions(user.id));
    run_task(store.count_sessions());
    run_task(store.end_session(user.id, rehash.id, "logout"));
    run_task(store.end_sessions(user.id, "logout_all"));
    clock.advance(std::chrono::days(8));
    run_task(store.open_session(opening(user)));
    run_task(store.sweep_sessions(SessionId(), 3));
}

inline void history(Store& store, const User& user, std::int64_t epoch) {
    run_task(store.newest_events(UserId(), 10));
    run_task(store.newest_events_of({user.id}));
    run_task(store.resend_events({user.id}, {Timestamp(), false}));
    run_task(store.resend_events({user.id}, {Timestamp(), true}));
    run_task(store.list_events(0, 1000, 10));
    const std::vector<Event> waiting = run_task(store.waiting_events(0, 10, epoch));
    for (const std::size_t i : {0U, 1U})
        run_task(store.park_event(waiting.at(i).sequence, "too large", epoch));
    run_task(store.list_parked(0, 10));
    run_task(store.drop_parked(waiting[0].id));
    run_task(store.retry_parked(waiting[1].id));
    run_task(store.retry_parked(std::nullopt));
    run_task(store.sweep_events(0, 2, std::chrono::milliseconds(0)));
    run_task(store.read_lease());
}

inline void events(Store& store, const User& user) {
    const std::int64_t epoch = run_task(store.lease_outbox({"one", std::chrono::hours(1)}))->epoch;
    run_task(store.lease_outbox({"two", std::chrono::hours(1)}));
    const std::vector<Event> events = run_task(store.waiting_events(0, 10, epoch));
    run_task(store.park_event(events.at(0).sequence, "too large", epoch));
    run_task(store.list_waiting(10));
    run_task(store.outbox_stats());
    run_task(store.remove_sent({events[0].sequence, events.at(1).sequence}, epoch));
    history(store, user, epoch);
    run_task(store.delete_user(user.id));
    run_task(store.newest_events_of({user.id}));
    run_task(store.remove_sent({events.at(2).sequence}, epoch));
    run_task(store.waiting_events(0, 10, epoch));
    run_task(store.release_outbox(epoch));
}

inline void rest(Store& store, TestClock& clock) {
    StoredKey key;
    key.id = "key-1";
    key.algorithm = "ES256";
    key.state = KeyState::active;
    key.public_jwk = "{}";
    key.sealed = std::string("\0\xff'\\", 4);
    key.sealed_by = "sealer";
    key.created_at = clock.now();
    run_task(store.replace_key_ring(0, {key}));
    run_task(store.replace_key_ring(0, {}));
    run_task(store.read_key_ring());
    run_task(store.key_ring_version());
    run_task(store.add_service("billing", std::string(32, 'h')));
    run_task(store.find_service("billing"));
    run_task(store.revoke_service("billing"));
    run_task(store.list_services());
    const AttemptKey one(16, '1');
    const AttemptKey two(16, '2');
    for (int i = 0; i < 2; ++i)
        run_task(store.count_attempts(
            {{two, std::chrono::seconds(60)}, {one, std::chrono::seconds(90)}}));
    run_task(store.read_attempts({one, two}));
    run_task(store.clear_attempts({one}));
    clock.advance(std::chrono::seconds(60));
    run_task(store.sweep_attempts(10, 10));
}

}  // namespace scenario

/// Every operation of a store at least once, and each of its outcomes that a database decides.
inline void run_scenario(Store& store, TestClock& clock) {
    run_task(store.ping());
    const NewUser ada = make_new_user("Ada", "Ada@example.org");
    const User user = run_task(store.add_user(ada, "trace")).value();
    run_task(store.add_user(ada, "trace"));
    run_task(store.is_taken("ada", "bob@example.org"));
    for (const std::string& key : {user.id.to_string(), std::string("ada"),
                                   std::string("ada@example.org"), std::string("nobody")}) {
        run_task(store.find_user(key));
        run_task(store.find_login(key));
    }
    run_task(store.list_users({}));
    run_task(store.hash_formats());
    scenario::sessions(store, clock, user);
    run_task(store.set_email(user.id, "new@example.org", "new@example.org"));
    run_task(store.set_disabled(user.id, true));
    run_task(store.set_disabled(user.id, false));
    scenario::events(store, user);
    scenario::rest(store, clock);
}

/// What a store does otherwise when it writes audit events; after run_scenario, on the same data.
inline void run_audited_scenario(Store& store, TestClock& clock) {
    const User user =
        run_task(store.add_user(make_new_user("Bob", "bob@example.org"), "trace")).value();
    scenario::sessions(store, clock, user);
    run_task(store.set_email(user.id, "new@example.org", "new@example.org"));
    run_task(store.set_disabled(user.id, true));
    run_task(store.set_disabled(user.id, false));
    run_task(store.delete_user(user.id));
    StoredKeyRing ring = run_task(store.read_key_ring());
    ring.keys.at(0).state = KeyState::retired;
    ring.keys[0].verify_until = clock.now();
    run_task(store.replace_key_ring(ring.version, ring.keys));
    AuditLog& log = store.audit_log();
    AuditEvent failure;
    failure.time = clock.now();
    failure.id = EventId::make(failure.time);
    failure.type = AuditType::login_failed;
    run_task(log.add({failure}));
    const std::int64_t epoch = run_task(log.lease_outbox({"one", std::chrono::hours(1)}))->epoch;
    run_task(log.lease_outbox({"two", std::chrono::hours(1)}));
    const std::vector<Event> events = run_task(log.waiting_events(0, 100, epoch));
    run_task(log.park_event(events.at(0).sequence, "too large", epoch));
    run_task(log.remove_sent({events.at(1).sequence, events.at(2).sequence}, epoch));
    run_task(log.waiting_events(0, 100, epoch));
    run_task(log.count_waiting());
    run_task(log.count_parked());
    run_task(log.release_outbox(epoch));
}

}  // namespace userd
