#pragma once

#include <memory>
#include <utility>

#include "store/store.hpp"

/// What the store's types are made of: rows of any kind of database, whose statements name the
/// columns in the order that is read here. `Row` has text(), blob(), int64(), boolean(), time(),
/// optional_time(), id<>() and is_null(), each by column.
namespace userd {

/// id, username, email, created_at, updated_at, disabled, version.
template <class Row>
[[nodiscard]] User user_from(const Row& row) {
    User user;
    user.id = row.template id<UserId>(0);
    user.state = UserState{row.text(1), row.text(2), row.time(3), row.time(4), row.boolean(5)};
    user.version = row.int64(6);
    return user;
}

/// id, generation, created_at, rotated_at, expires_at, client_address, client_agent.
template <class Row>
[[nodiscard]] SessionInfo session_info_from(const Row& row) {
    SessionInfo info;
    info.id = row.template id<SessionId>(0);
    info.generation = row.int64(1);
    info.created_at = row.time(2);
    info.last_used_at = row.time(3);
    info.expires_at = row.time(4);
    info.client = Client{row.text(5), row.text(6)};
    return info;
}

/// From the second column on: id, algorithm, state, public_jwk, sealed, sealed_by, created_at,
/// activated_at, verify_until.
template <class Row>
[[nodiscard]] StoredKey key_from(const Row& row) {
    StoredKey key;
    key.id = row.text(1);
    key.algorithm = row.text(2);
    key.state = parse_key_state(row.text(3));
    key.public_jwk = row.text(4);
    key.sealed = row.blob(5);
    key.sealed_by = row.text(6);
    key.created_at = row.time(7);
    key.activated_at = row.optional_time(8);
    key.verify_until = row.optional_time(9);
    return key;
}

/// name, secret_hash, created_at, revoked_at.
template <class Row>
[[nodiscard]] Service service_from(const Row& row) {
    Service service;
    service.name = row.text(0);
    service.secret_hash = row.blob(1);
    service.created_at = row.time(2);
    service.revoked_at = row.optional_time(3);
    return service;
}

/// From the column `first` on: sequence, id, type, user_id, version, time, traceparent, username,
/// email, created_at, updated_at, disabled.
template <class Row>
[[nodiscard]] Event event_from(const Row& row, int first) {
    Event event;
    event.sequence = row.int64(first);
    event.id = row.template id<EventId>(first + 1);
    event.type = parse_event_type(row.text(first + 2));
    event.user = row.template id<UserId>(first + 3);
    event.version = row.int64(first + 4);
    event.time = row.time(first + 5);
    event.traceparent = row.text(first + 6);
    if (!row.is_null(first + 7))
        event.state = UserState{row.text(first + 7), row.text(first + 8), row.time(first + 9),
                                row.time(first + 10), row.boolean(first + 11)};
    return event;
}

/// From the column `first` on: sequence, id, type, time, user_id, session_id, reason, network,
/// key_id of an audit event.
template <class Row>
[[nodiscard]] Event audit_event_from(const Row& row, int first) {
    AuditEvent audit;
    audit.id = row.template id<EventId>(first + 1);
    audit.type = parse_audit_type(row.text(first + 2));
    audit.time = row.time(first + 3);
    if (!row.is_null(first + 4)) audit.user = row.template id<UserId>(first + 4);
    if (!row.is_null(first + 5)) audit.session = row.template id<SessionId>(first + 5);
    audit.reason = row.text(first + 6);
    audit.network = row.text(first + 7);
    audit.key = row.text(first + 8);
    Event event;
    event.sequence = row.int64(first);
    event.id = audit.id;
    // Those of nobody are in no order.
    event.user = audit.user.value_or(UserId(audit.id));
    event.time = audit.time;
    event.audit = std::make_shared<const AuditEvent>(std::move(audit));
    return event;
}

}  // namespace userd
