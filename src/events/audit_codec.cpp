#include <cstdlib>

#include "events/codec.hpp"
#include "store/audit.hpp"
#include "userd/v1/security_event.pb.h"

namespace userd {
namespace {

v1::SecurityEvent::Type proto_type(AuditType type) {
    switch (type) {
        case AuditType::login:
            return v1::SecurityEvent::TYPE_LOGIN;
        case AuditType::login_failed:
            return v1::SecurityEvent::TYPE_LOGIN_FAILED;
        case AuditType::session_ended:
            return v1::SecurityEvent::TYPE_SESSION_ENDED;
        case AuditType::token_reused:
            return v1::SecurityEvent::TYPE_TOKEN_REUSED;
        case AuditType::user_disabled:
            return v1::SecurityEvent::TYPE_USER_DISABLED;
        case AuditType::user_enabled:
            return v1::SecurityEvent::TYPE_USER_ENABLED;
        case AuditType::user_deleted:
            return v1::SecurityEvent::TYPE_USER_DELETED;
        case AuditType::email_changed:
            return v1::SecurityEvent::TYPE_EMAIL_CHANGED;
        case AuditType::key_changed:
            return v1::SecurityEvent::TYPE_KEY_CHANGED;
    }
    std::abort();
}

std::string ce_type(AuditType type) {
    return "security." + std::string(stored_name(type));
}

std::string value_of(const AuditEvent& event, std::string value) {
    v1::SecurityEvent message;
    message.set_type(proto_type(event.type));
    message.set_time(unix_millis(event.time));
    if (event.user) message.set_user_id(event.user->to_string());
    if (event.session) message.set_session_id(event.session->to_string());
    message.set_reason(event.reason);
    message.set_client_network(event.network);
    message.set_key_id(event.key);
    message.AppendToString(&value);
    return value;
}

}  // namespace

Record encode(const AuditEvent& event, const std::string& source, const std::string& value_prefix) {
    Record record;
    if (event.user) record.key = event.user->to_string();
    record.value = value_of(event, value_prefix);
    record.headers = {
        {"ce_specversion", "1.0"},
        {"ce_id", event.id.to_string()},
        {"ce_source", source},
        {"ce_type", ce_type(event.type)},
        {"ce_time", rfc3339(event.time)},
        {"content-type", "application/protobuf"},
    };
    const std::string& subject = event.user ? record.key : event.key;
    if (!subject.empty()) record.headers.emplace_back("ce_subject", subject);
    return record;
}

}  // namespace userd
