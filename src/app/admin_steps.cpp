#include "app/admin_steps.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace userd {
namespace {

namespace json = boost::json;

// A step holds SQLite's writer, or the locks on its users, for some milliseconds.
constexpr int kEvents = 100;
constexpr int kUsers = 100;
constexpr int kRows = 1000;

AdminReply reply(const json::object& object) {
    return printed(json::serialize(object) + "\n");
}

std::int64_t number(const std::string& text) {
    return text.empty() ? 0 : std::stoll(text);
}

UserId user_id(const std::string& text) {
    return text.empty() ? UserId() : UserId::parse(text).value();
}

std::string hex(const Fingerprint& fingerprint) {
    Uuid uuid;
    uuid.bytes = fingerprint;
    return uuid.to_string();
}

}  // namespace

Task<AdminReply> step_replay(AdminParts parts, AdminRequest request) {
    std::int64_t until = request.step.until;
    if (until == 0) {
        const OutboxStats stats = co_await parts.store.outbox_stats();
        until = stats.newest;
    }
    const auto marks = co_await parts.store.list_events(number(request.step.after), until, kEvents);
    const Timestamp since = from_unix_millis(request.step.since);
    std::set<UserId> users;
    for (const EventMark& mark : marks)
        if (mark.time >= since) users.insert(mark.user);
    std::int64_t events = 0;
    if (!users.empty()) {
        std::vector<UserId> ids(users.begin(), users.end());
        const ResendRange range{since, false};
        events = co_await parts.store.resend_events(std::move(ids), range);
    }
    const bool more = marks.size() >= kEvents;
    co_return reply({{"next", std::to_string(more ? marks.back().sequence : 0)},
                     {"until", until},
                     {"events", events}});
}

Task<AdminReply> step_replay_user(AdminParts parts, AdminRequest request) {
    std::string key = compared_form(request.step.user);
    const Result<User> user = co_await parts.store.find_user(std::move(key));
    // A deleted user has no name any more.
    std::optional<UserId> id = UserId::parse(request.step.user);
    if (user) id = user->id;
    if (!id) co_return failure("no user has the name, e-mail or id '" + request.step.user + "'");
    std::vector<UserId> ids{*id};
    const ResendRange range{from_unix_millis(request.step.since), false};
    const std::int64_t events = co_await parts.store.resend_events(std::move(ids), range);
    if (events == 0) co_return failure("no event of '" + request.step.user + "' can be sent again");
    co_return reply({{"events", events}});
}

Task<AdminReply> step_snapshot(AdminParts parts, AdminRequest request) {
    const auto newest = co_await parts.store.newest_events(
        user_id(request.step.after), request.step.swept_only ? kRows : kUsers);
    ResendRange range{Timestamp(), true};
    if (request.step.swept_only) range.since = from_unix_millis(request.step.since);
    std::vector<UserId> ids;
    for (const NewestEvent& each : newest)
        if (!request.step.swept_only ||
            (each.event.sequence == 0 && each.event.time >= range.since))
            ids.push_back(each.event.user);
    std::int64_t events = 0;
    for (std::size_t i = 0; i < ids.size(); i += kUsers) {
        const auto end = std::min(ids.size(), i + kUsers);
        std::vector<UserId> some(ids.begin() + static_cast<std::ptrdiff_t>(i),
                                 ids.begin() + static_cast<std::ptrdiff_t>(end));
        events += co_await parts.store.resend_events(std::move(some), range);
    }
    const std::size_t limit = request.step.swept_only ? kRows : kUsers;
    const bool more = newest.size() >= limit;
    co_return reply({{"next", more ? newest.back().event.user.to_string() : ""},
                     {"events", events},
                     {"users", newest.size()}});
}

Task<AdminReply> step_users(AdminParts parts, AdminRequest request) {
    std::vector<NewestEvent> newest;
    if (request.step.ids.empty()) {
        newest = co_await parts.store.newest_events(user_id(request.step.after), kRows);
    } else {
        std::vector<UserId> ids;
        for (const std::string& name : request.step.ids)
            ids.push_back(user_id(name));
        newest = co_await parts.store.newest_events_of(std::move(ids));
    }
    const bool more = request.step.ids.empty() && newest.size() >= kRows;
    co_return reply(
        {{"next", more ? newest.back().event.user.to_string() : ""}, {"rows", to_json(newest)}});
}

json::array to_json(const std::vector<NewestEvent>& events) {
    json::array rows;
    for (const NewestEvent& newest : events) {
        const Event& event = newest.event;
        rows.push_back(json::array{event.user.to_string(), event.version, event.id.to_string(),
                                   hex(fingerprint_of(event.state)),
                                   event.type == EventType::user_deleted, newest.waiting});
    }
    return rows;
}

StoredUser stored_user_of(const json::value& row) {
    const auto uuid = [&row](std::size_t i) {
        return Uuid::parse(std::string_view(row.at(i).as_string())).value();
    };
    StoredUser user;
    user.user = UserId(uuid(0));
    user.version = row.at(1).to_number<std::int64_t>();
    user.id = EventId(uuid(2));
    user.fingerprint = uuid(3).bytes;
    user.deleted = row.at(4).as_bool();
    user.waiting = row.at(5).as_bool();
    return user;
}

}  // namespace userd
