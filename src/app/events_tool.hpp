#pragma once

#include "app/admin.hpp"
#include "app/settings.hpp"

/// The commands on events that run in steps, read the topic or ask: they print as they go. Each
/// gives the exit code; std::runtime_error and StoreUnavailable with one clear line.
namespace userd {

/// Whether `run_events_tool` is for this command.
[[nodiscard]] bool is_events_tool(std::string_view command);
int run_events_tool(const Settings& settings, const AdminRequest& request);

int replay_events(const Settings& settings, const AdminRequest& request);
int snapshot_events(const Settings& settings, const AdminRequest& request);
int verify_events(const Settings& settings, const AdminRequest& request);
int tail_events(const Settings& settings, const AdminRequest& request);
/// Asks before, at a terminal; elsewhere SettingError without --yes.
int drop_parked_event(const Settings& settings, const AdminRequest& request);

}  // namespace userd
