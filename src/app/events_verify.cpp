#include <boost/json.hpp>
#include <iostream>

#include "app/events_tool.hpp"
#include "app/topic_check.hpp"

namespace userd {
namespace {

namespace json = boost::json;

// Not that of a broker or database that does not answer.
constexpr int kDiffers = 3;

void print_users(const char* what, const TopicCheck::Users& users, std::size_t limit,
                 bool as_json) {
    std::size_t printed = 0;
    for (const auto& [user, why] : users) {
        if (printed++ == limit) break;
        if (as_json)
            std::cout << json::serialize(json::object{
                             {"result", what}, {"user", user.to_string()}, {"detail", why}})
                      << "\n";
        else
            std::cout << what << "  user " << user.to_string() << "  " << why << "\n";
    }
    if (users.size() > limit && !as_json)
        std::cout << what << "  … and " << users.size() - limit << " more (--limit)\n";
}

void print(const TopicCheck& check, const std::string& topic, const AdminRequest& request) {
    const auto limit = static_cast<std::size_t>(request.limit);
    print_users("differs", check.differing(), limit, request.json);
    print_users("not yet sent", check.waiting(), limit, request.json);
    const std::size_t differences = check.differing().size();
    const std::size_t waiting = check.waiting().size();
    if (request.json) {
        std::cout << json::serialize(json::object{{"result", "summary"},
                                                  {"topic", topic},
                                                  {"records", check.records()},
                                                  {"foreign_records", check.foreign()},
                                                  {"users", check.users_stored()},
                                                  {"differences", differences},
                                                  {"not_yet_sent", waiting}})
                  << "\n";
        return;
    }
    std::cout << "topic " << topic << ": " << check.records() << " records of "
              << check.users_on_topic() << " users";
    if (check.foreign() > 0) std::cout << ", and " << check.foreign() << " that are not of userd";
    std::cout << "\ndatabase: " << check.users_stored() << " users\n"
              << differences << (differences == 1 ? " difference, " : " differences, ") << waiting
              << " not yet sent\n";
}

}  // namespace

int verify_events(const Settings& settings, const AdminRequest& request) {
    TopicCheck check(settings);
    check.run();
    print(check, settings.kafka_topic, request);
    return check.differing().empty() ? 0 : kDiffers;
}

}  // namespace userd
