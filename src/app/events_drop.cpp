#include <unistd.h>

#include <iostream>

#include "app/admin_session.hpp"
#include "app/events_tool.hpp"

namespace userd {
namespace {

bool is_confirmed(const AdminRequest& request) {
    if (request.yes) return true;
    if (::isatty(STDIN_FILENO) == 0)
        throw SettingError("parked drop: nobody can be asked here; --yes drops without asking");
    std::cerr << "Consumers will never get the event " << request.name << ". Drop it? [y/N] "
              << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

int drop_parked_event(const Settings& settings, const AdminRequest& request) {
    if (!is_confirmed(request)) {
        std::cerr << "userd: nothing was dropped\n";
        return 1;
    }
    AdminSession session(settings, false);
    AdminRequest drop;
    drop.command = request.command;
    drop.name = request.name;
    const AdminReply reply = session.run(std::move(drop));
    std::cout << reply.output << std::flush;
    if (!reply.error.empty()) std::cerr << "userd: " << reply.error << "\n";
    return reply.exit_code;
}

}  // namespace userd
