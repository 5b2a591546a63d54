#include "app/cli_events.hpp"

#include "app/events_text.hpp"

namespace userd {
namespace {

void add_limit(CLI::App* command, AdminRequest& request, const std::string& help) {
    command->add_option("--limit", request.limit, help)->check(CLI::Range(1, 1'000'000));
}

void add_replay(CLI::App* events, AdminRequest& request, const AddCommand& add) {
    CLI::App* replay = add(events, "replay", "Send events again, of each user up to the newest");
    CLI::Option* user = replay->add_option("--user", request.name, "username, e-mail or user id");
    CLI::Option* since = replay->add_option_function<std::string>(
        "--since",
        [&request](const std::string& text) {
            const auto time = parse_since(text, system_now());
            if (!time) throw CLI::ValidationError("--since: '" + text + "' is no time");
            request.step.since = unix_millis(*time);
        },
        "events of that time and later: 2026-01-31T09:05:00Z, or 90s, 15m, 24h, 7d ago");
    since->type_name("TIME");
    CLI::Option* all = replay->add_flag("--all", request.all, "every event that is kept");
    all->excludes(user)->excludes(since);
    replay->parse_complete_callback([user, since, all] {
        if (user->count() + since->count() + all->count() == 0)
            throw CLI::RequiredError("--user, --since or --all");
    });
}

void add_parked(CLI::App* events, AdminRequest& request, const AddCommand& add) {
    CLI::App* parked = events->add_subcommand("parked", "Events that Kafka refused for good");
    parked->require_subcommand(1);
    add_limit(add(parked, "list", "List them, the first of the order first"), request,
              "at most so many [100]");
    CLI::App* retry = add(parked, "retry", "Send one again, and then what waits behind it");
    CLI::Option* id = retry->add_option("ID", request.name, "the event's id, as listed");
    CLI::Option* all = retry->add_flag("--all", request.all, "all of them");
    all->excludes(id);
    retry->parse_complete_callback([id, all] {
        if (id->count() + all->count() == 0) throw CLI::RequiredError("ID or --all");
    });
    CLI::App* drop = add(parked, "drop", "Give one up, so that what waits behind it is sent");
    drop->add_option("ID", request.name, "the event's id, as listed")->required();
    drop->add_flag("--yes", request.yes, "do not ask");
}

}  // namespace

void add_event_commands(CLI::App& app, AdminRequest& request, const AddCommand& add) {
    CLI::App* events = app.add_subcommand("events", "Look after the stream of events");
    events->require_subcommand(1);
    add(events, "status", "How many events wait, how old, who sends, and what Kafka says");
    add_limit(add(events, "list", "The newest events that wait"), request, "at most so many [100]");
    add_replay(events, request, add);
    add(events, "snapshot", "Send every user's newest event again, for a new consumer");
    add_limit(
        add(events, "verify", "Compare the topic with the database; exit code 3 if it differs"),
        request, "print at most so many users [100]");
    add(events, "tail", "Show what comes onto the topic, until Ctrl-C")
        ->add_flag("--from-start", request.from_start, "begin with what is there");
    add_parked(events, request, add);
}

}  // namespace userd
