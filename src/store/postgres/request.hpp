#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "async/resume.hpp"
#include "store/postgres/database.hpp"
#include "store/postgres/failure.hpp"

namespace userd::postgres {

/// A run of commands on its way: through a pool's queue, over a link, and back.
struct Request {
    std::vector<Command> commands;
    std::chrono::steady_clock::time_point deadline;
    int attempts = 0;
    bool is_alone = false;  ///< shares no transaction, since one that was shared has failed

    std::vector<Rows> rows;          ///< of the commands that are done
    std::optional<Failure> failure;  ///< the first; nothing of the run was done, unless broken

    Resume<std::unique_ptr<Request>> done;

    [[nodiscard]] bool is_repeatable() const {
        return std::none_of(commands.begin(), commands.end(), [](const Command& command) {
            return command.statement->repeat == Repeat::no;
        });
    }
    /// Whether it may be sent with others in one transaction: runs that are reads, or lock the one
    /// row they name, in the order of their rows.
    [[nodiscard]] bool may_share() const {
        return !is_alone && (is_read() || (commands.size() == 1 && commands.front().row));
    }
    [[nodiscard]] bool is_read() const {
        return std::all_of(commands.begin(), commands.end(), [](const Command& command) {
            return command.statement->repeat == Repeat::read;
        });
    }
};
using RequestPtr = std::unique_ptr<Request>;

/// Gives the request back to the coroutine that waits for it.
inline void finish(RequestPtr request) {
    const Resume<RequestPtr> done = std::move(request->done);
    done(std::move(request));
}
inline void finish(RequestPtr request, Failure failure) {
    request->failure = std::move(failure);
    finish(std::move(request));
}

}  // namespace userd::postgres
