#include "store/event.hpp"

#include <cstdlib>
#include <stdexcept>

namespace userd {
namespace {

constexpr EventType kTypes[] = {EventType::user_registered, EventType::user_updated,
                                EventType::user_deleted};

}  // namespace

std::string_view stored_name(EventType type) noexcept {
    switch (type) {
        case EventType::user_registered:
            return "user_registered";
        case EventType::user_updated:
            return "user_updated";
        case EventType::user_deleted:
            return "user_deleted";
    }
    std::abort();
}

EventType parse_event_type(std::string_view name) {
    for (const EventType type : kTypes)
        if (stored_name(type) == name) return type;
    throw std::runtime_error("the database holds an event of the unknown type '" +
                             std::string(name) + "'");
}

}  // namespace userd
