#pragma once

#include <string>
#include <variant>
#include <vector>

#include "app/admin.hpp"
#include "app/settings.hpp"

namespace userd {

/// What the command line asks for.
struct Invocation {
    enum class Command { serve, migrate, copy, check_config, admin };
    Command command = Command::serve;
    NamedValues flags;      ///< settings given as flags, by the variables' names
    std::string env_file;   ///< --env-file; empty: `.env` if there is one
    AdminRequest admin;     ///< for Command::admin
    std::string copy_from;  ///< URLs, for Command::copy
    std::string copy_to;
};

/// Parses the arguments. An exit code when nothing is left to do (--help, --version: 0; a mistake:
/// 2, with one line on standard error).
[[nodiscard]] std::variant<Invocation, int> parse_command_line(int argc, char** argv);

}  // namespace userd
