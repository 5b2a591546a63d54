#pragma once

#include <boost/json.hpp>

#include "app/admin.hpp"
#include "events/topic_table.hpp"

/// The small steps of the commands that take long: the command line asks for one after the other,
/// each is one request, and what a step did stays done when the command is ended between two. The
/// output of each is one JSON object.
namespace userd {

/// Sends the events of the next users again: `after` and `until` are sequences (0: the last one
/// now), gives {next, until, events}; next is 0 at the end.
Task<AdminReply> step_replay(AdminParts parts, AdminRequest request);
/// One user, by `user`: {events}.
Task<AdminReply> step_replay_user(AdminParts parts, AdminRequest request);
/// The newest event of the next users, or, if `swept_only`, those among them that are newer than
/// `since` and not kept any more: {next, events, users}; next is a user id, empty at the end.
Task<AdminReply> step_snapshot(AdminParts parts, AdminRequest request);
/// The next users by id, or, when there are `ids`, those: {next, rows}.
Task<AdminReply> step_users(AdminParts parts, AdminRequest request);

[[nodiscard]] boost::json::array to_json(const std::vector<NewestEvent>& events);
/// The inverse, with what verify needs.
[[nodiscard]] StoredUser stored_user_of(const boost::json::value& row);

}  // namespace userd
