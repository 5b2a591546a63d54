#include "app/admin_events.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <cmath>

namespace userd {
namespace {

namespace json = boost::json;

/// For how long the rate is measured.
constexpr std::chrono::milliseconds kSample{500};

struct Status {
    OutboxStats stats;
    LeaseState lease;
    double rate = 0;  ///< events that left the outbox, a second
    std::string relay;
};

Task<Status> read_status(AdminParts parts) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    const OutboxStats before = co_await parts.store.outbox_stats();
    const auto began = std::chrono::steady_clock::now();
    timer.expires_after(kSample);
    co_await timer.async_wait(boost::asio::use_awaitable);
    Status status;
    status.stats = co_await parts.store.outbox_stats();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const std::int64_t written = status.stats.newest - before.newest;
    const std::int64_t more = status.stats.waiting - before.waiting;
    status.rate = std::max(0.0, std::round(static_cast<double>(written - more) / took.count()));
    status.lease = co_await parts.store.read_lease();
    status.relay = parts.relay_state();
    co_return status;
}

std::string describe(const LeaseState& lease) {
    if (lease.epoch == 0) return "nobody had it yet";
    const std::string epoch = "epoch " + std::to_string(lease.epoch);
    if (lease.holder.empty()) return epoch + ", free";
    return epoch + ", " + lease.holder + (lease.until ? ", until " + rfc3339(*lease.until) : "");
}

std::string to_json(const Status& status, std::int64_t age) {
    json::object lease{{"epoch", status.lease.epoch}, {"holder", nullptr}, {"until", nullptr}};
    if (!status.lease.holder.empty()) lease["holder"] = status.lease.holder;
    if (status.lease.until) lease["until"] = rfc3339(*status.lease.until);
    return json::serialize(json::object{{"waiting", status.stats.waiting},
                                        {"parked", status.stats.parked},
                                        {"oldest_age_seconds", age},
                                        {"sent_per_second", std::llround(status.rate)},
                                        {"lease", std::move(lease)},
                                        {"kafka", status.relay}}) +
           "\n";
}

std::string list(const std::vector<WaitingEvent>& events, bool json, const char* none) {
    std::string output;
    for (const WaitingEvent& event : events)
        output += describe(event, json);
    if (events.empty() && !json) output = none;
    return output;
}

}  // namespace

Task<AdminReply> events_status(AdminParts parts, AdminRequest request) {
    const Status status = co_await read_status(parts);
    const std::optional<Timestamp>& oldest = status.stats.oldest;
    const std::int64_t age =
        oldest ? std::max<std::int64_t>(0, unix_seconds(system_now()) - unix_seconds(*oldest)) : 0;
    if (request.json) co_return printed(to_json(status, age));
    co_return printed(
        "waiting: " + std::to_string(status.stats.waiting) +
        "\nparked:  " + std::to_string(status.stats.parked) + "\noldest:  " + std::to_string(age) +
        " s\nsent:    " + std::to_string(std::llround(status.rate)) +
        " events/s\nlease:   " + describe(status.lease) + "\nkafka:   " + status.relay + "\n");
}

Task<AdminReply> events_list(AdminParts parts, AdminRequest request) {
    const std::vector<WaitingEvent> events = co_await parts.store.list_waiting(request.limit);
    co_return printed(list(events, request.json, "no events wait\n"));
}

Task<AdminReply> parked_list(AdminParts parts, AdminRequest request) {
    const std::vector<WaitingEvent> events = co_await parts.store.list_parked(0, request.limit);
    co_return printed(list(events, request.json, "no events are parked\n"));
}

Task<AdminReply> parked_retry(AdminParts parts, AdminRequest request) {
    std::optional<EventId> event;
    if (!request.all) {
        event = EventId::parse(request.name);
        if (!event) co_return failure("'" + request.name + "' is no event's id");
    }
    const std::int64_t count = co_await parts.store.retry_parked(event);
    if (count == 0 && !request.all)
        co_return failure("no event with the id " + request.name + " is parked");
    co_return printed("sending again: " + std::to_string(count) +
                      (count == 1 ? " event\n" : " events\n"));
}

Task<AdminReply> parked_drop(AdminParts parts, AdminRequest request) {
    const std::optional<EventId> event = EventId::parse(request.name);
    if (!event) co_return failure("'" + request.name + "' is no event's id");
    const std::int64_t count = co_await parts.store.drop_parked(*event);
    if (count == 0) co_return failure("no event with the id " + request.name + " is parked");
    co_return printed("dropped " + request.name + "; consumers do not get it\n");
}

}  // namespace userd
