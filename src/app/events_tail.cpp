#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <csignal>
#include <iostream>

#include "app/events_text.hpp"
#include "app/events_tool.hpp"
#include "app/kafka_settings.hpp"
#include "events/kafka_reader.hpp"

namespace userd {
namespace {

constexpr std::chrono::milliseconds kWait{200};
constexpr std::chrono::seconds kPatience{10};

volatile std::sig_atomic_t ended = 0;

void end(int) {
    ended = 1;
}

}  // namespace

int tail_events(const Settings& settings, const AdminRequest& request) {
    std::signal(SIGINT, end);
    std::signal(SIGTERM, end);
    const auto from = request.from_start ? TopicReader::From::start : TopicReader::From::end;
    TopicReader reader(reading_settings_of(settings), from, kPatience);
    if (::isatty(STDERR_FILENO) != 0)
        std::cerr << "Following " << settings.kafka_topic << "; Ctrl-C ends.\n";
    std::string trouble;
    while (ended == 0 && std::cout) {
        if (const std::optional<TopicRecord> record = reader.next(kWait))
            std::cout << describe(*record, request.json) << std::flush;
        if (std::string now = reader.trouble(); now != trouble) {
            trouble = std::move(now);
            if (!trouble.empty()) std::cerr << "userd: kafka: " << trouble << "\n";
        }
    }
    return 0;
}

}  // namespace userd
