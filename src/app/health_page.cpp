#include "app/health_page.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "async/within.hpp"

namespace userd {
namespace {

constexpr std::int64_t kBacklogWarningSeconds = 60;
constexpr std::chrono::milliseconds kPatience{800};

/// Why the store does not serve now; empty when it does.
Task<std::string> look(Store& store) {
    std::string reason;
    try {
        co_await within(kPatience, store.ping());
    } catch (const std::exception& error) {
        reason = error.what();
    }
    co_return reason;
}

/// Only operators are told the reason of a trouble.
std::string state_for(http::Audience audience, std::string state) {
    if (audience != http::Audience::operators)
        state.resize(std::min(state.find(':'), state.size()));
    return state;
}

boost::json::object audit_of(const HealthParts& parts, http::Audience audience) {
    return {{"status", "ok"},
            {"backlog", parts.audited->waiting.load()},
            {"parked", parts.audited->parked.load()},
            {"kafka", state_for(audience, parts.audit_state())}};
}

boost::json::object events_of(const HealthParts& parts, http::Audience audience) {
    const std::int64_t oldest = parts.figures.outbox_oldest_unix;
    const std::int64_t age =
        oldest == 0 ? 0 : std::max<std::int64_t>(0, unix_seconds(system_now()) - oldest);
    return {{"status", age > kBacklogWarningSeconds ? "warning" : "ok"},
            {"backlog", parts.figures.outbox_waiting.load()},
            {"parked", parts.figures.outbox_parked.load()},
            {"oldest_seconds", age},
            {"kafka", state_for(audience, parts.relay_state())}};
}

}  // namespace

Task<http::Health> read_health(const HealthParts& parts, http::Audience audience) {
    http::Health health;
    boost::json::object checks;
    std::string reason;
    if (!parts.started) {
        reason = parts.trouble.reason();
        if (reason.empty()) reason = "starting";
    } else {
        reason = co_await look(parts.store);
        if (reason.empty())
            parts.trouble.clear();
        else
            parts.trouble.note(reason);
    }
    if (reason.empty()) {
        checks["database"] = {{"status", "ok"}};
        checks["events"] = events_of(parts, audience);
        if (parts.audited != nullptr) checks["audit"] = audit_of(parts, audience);
        health.ready = !parts.stopping;
        if (parts.stopping) checks["server"] = {{"status", "stopping"}};
    } else {
        checks["database"] = {{"status", "unavailable"}};
        if (audience == http::Audience::operators)
            checks["database"].as_object()["reason"] = reason;
    }
    health.report = boost::json::serialize(boost::json::object{
        {"status", health.ready ? "ready" : "not ready"}, {"checks", std::move(checks)}});
    co_return health;
}

}  // namespace userd
