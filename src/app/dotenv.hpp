#pragma once

#include <string>
#include <string_view>

#include "app/settings.hpp"

namespace userd {

/// Parses `KEY=VALUE` lines: comments, blank lines, `export `, 'literal' and "escaped" values,
/// CRLF. `name` is the file's, for messages. SettingError naming file and line, never a value.
[[nodiscard]] NamedValues parse_env_file(std::string_view text, const std::string& name);

/// The file's lines; of `.env`, if there is one, when `path` is empty. SettingError when a named
/// file is missing.
[[nodiscard]] NamedValues read_env_file(const std::string& path);

}  // namespace userd
