#include "app/events_tool.hpp"

#include <boost/json.hpp>
#include <iostream>

#include "app/admin_session.hpp"
#include "app/progress.hpp"

namespace userd {
namespace {

namespace json = boost::json;

struct Tool {
    std::string_view command;
    int (*run)(const Settings&, const AdminRequest&);
};

constexpr Tool kTools[] = {
    {"events replay", replay_events},   {"events snapshot", snapshot_events},
    {"events verify", verify_events},   {"events tail", tail_events},
    {"parked drop", drop_parked_event},
};

std::int64_t number(const json::object& object, std::string_view name) {
    return object.at(name).to_number<std::int64_t>();
}

std::string text(const json::object& object, std::string_view name) {
    return std::string(std::string_view(object.at(name).as_string()));
}

void report(const AdminRequest& request, std::int64_t events) {
    if (request.json)
        std::cout << json::serialize(json::object{{"events", events}}) << "\n";
    else
        std::cout << "sending again: " << events << (events == 1 ? " event" : " events")
                  << "; `userd events status` tells how many wait\n";
}

/// Those that are kept, in the order in which they were written.
std::int64_t replay_kept(AdminSession& session, const AdminRequest& request, Progress& progress) {
    AdminStep step;
    step.since = request.step.since;
    std::int64_t events = 0;
    do {
        const json::object done = session.step("step replay", step);
        events += number(done, "events");
        step.after = text(done, "next");
        step.until = number(done, "until");
        progress.show(std::stoll(step.after), step.until);
    } while (step.after != "0");
    return events;
}

/// Newest events, of every user or of those whose newest is not kept.
std::int64_t send_newest(AdminSession& session, AdminStep step, Progress& progress) {
    std::int64_t events = 0;
    std::int64_t users = 0;
    do {
        const json::object done = session.step("step snapshot", step);
        events += number(done, "events");
        users += number(done, "users");
        step.after = text(done, "next");
        progress.show(users);
    } while (!step.after.empty());
    return events;
}

}  // namespace

int replay_events(const Settings& settings, const AdminRequest& request) {
    AdminSession session(settings, false);
    if (!request.name.empty()) {
        AdminStep step;
        step.user = request.name;
        step.since = request.step.since;
        report(request, number(session.step("step replay-user", step), "events"));
        return 0;
    }
    Progress progress("Sending events again");
    std::int64_t events = replay_kept(session, request, progress);
    progress.begin("Users looked at for events that were swept");
    AdminStep swept;
    swept.since = request.step.since;
    swept.swept_only = true;
    events += send_newest(session, swept, progress);
    progress.clear();
    report(request, events);
    return 0;
}

int snapshot_events(const Settings& settings, const AdminRequest& request) {
    AdminSession session(settings, false);
    Progress progress("Users");
    const std::int64_t events = send_newest(session, {}, progress);
    progress.clear();
    report(request, events);
    return 0;
}

bool is_events_tool(std::string_view command) {
    for (const Tool& tool : kTools)
        if (tool.command == command) return true;
    return false;
}

int run_events_tool(const Settings& settings, const AdminRequest& request) {
    for (const Tool& tool : kTools)
        if (tool.command == request.command) return tool.run(settings, request);
    throw std::invalid_argument("unknown command '" + request.command + "'");
}

}  // namespace userd
