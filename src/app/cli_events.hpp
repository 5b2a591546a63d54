#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "app/admin.hpp"

namespace userd {

/// Makes a command of that name in the group, with its settings: "GROUP NAME" is the request's.
using AddCommand =
    std::function<CLI::App*(CLI::App* group, const std::string& name, const std::string& help)>;

/// `userd events …`, whose options end in the request.
void add_event_commands(CLI::App& app, AdminRequest& request, const AddCommand& add);

}  // namespace userd
