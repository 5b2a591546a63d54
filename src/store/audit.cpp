#include "store/audit.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <stdexcept>
#include <utility>

namespace userd {
namespace {

namespace ip = boost::asio::ip;

constexpr std::pair<AuditType, std::string_view> kNames[] = {
    {AuditType::login, "login"},
    {AuditType::login_failed, "login_failed"},
    {AuditType::session_ended, "session_ended"},
    {AuditType::token_reused, "token_reused"},
    {AuditType::user_disabled, "user_disabled"},
    {AuditType::user_enabled, "user_enabled"},
    {AuditType::user_deleted, "user_deleted"},
    {AuditType::email_changed, "email_changed"},
    {AuditType::key_changed, "key_changed"},
};

const StoredKey* find(const std::vector<StoredKey>& keys, const std::string& id) {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const StoredKey& key) { return key.id == id; });
    return found == keys.end() ? nullptr : &*found;
}

std::string_view verb_of(KeyState state) {
    switch (state) {
        case KeyState::next:
            return "published";
        case KeyState::active:
            return "activated";
        case KeyState::retired:
            return "retired";
    }
    std::abort();
}

AuditEvent key_event(const StoredKey& key, std::string_view verb) {
    AuditEvent event;
    event.type = AuditType::key_changed;
    event.reason = verb;
    event.key = key.id;
    return event;
}

}  // namespace

std::string_view stored_name(AuditType type) noexcept {
    for (const auto& [each, name] : kNames)
        if (each == type) return name;
    std::abort();
}

AuditType parse_audit_type(std::string_view name) {
    for (const auto& [type, each] : kNames)
        if (each == name) return type;
    throw std::runtime_error("no type of audit events: " + std::string(name));
}

std::string client_network(std::string_view address) {
    constexpr unsigned short kIpv4Bits = 24;
    constexpr unsigned short kIpv6Bits = 48;
    boost::system::error_code error;
    const ip::address parsed = ip::make_address(address, error);
    if (error) return {};
    if (parsed.is_v4()) return ip::network_v4(parsed.to_v4(), kIpv4Bits).canonical().to_string();
    ip::address_v6 v6 = parsed.to_v6();
    if (v6.is_v4_mapped())
        return ip::network_v4(ip::make_address_v4(ip::v4_mapped, v6), kIpv4Bits)
            .canonical()
            .to_string();
    v6.scope_id(0);
    return ip::network_v6(v6, kIpv6Bits).canonical().to_string();
}

std::vector<AuditEvent> key_changes(const std::vector<StoredKey>& before,
                                    const std::vector<StoredKey>& after) {
    std::vector<AuditEvent> events;
    for (const StoredKey& key : after) {
        const StoredKey* former = find(before, key.id);
        if (former == nullptr || former->state != key.state)
            events.push_back(key_event(key, verb_of(key.state)));
    }
    for (const StoredKey& key : before)
        if (find(after, key.id) == nullptr) events.push_back(key_event(key, "removed"));
    return events;
}

}  // namespace userd
