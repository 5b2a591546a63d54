#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.hpp"

/// One setting's text to its value. Each throws SettingError, which names the variable; the value
/// is quoted where it is no secret.
namespace userd::parse {

[[noreturn]] void fail(std::string_view name, const std::string& what);

[[nodiscard]] std::uint64_t number(std::string_view name, const std::string& text,
                                   std::uint64_t least, std::uint64_t most);
[[nodiscard]] bool on_off(std::string_view name, const std::string& text);
/// `127.0.0.1:8000`, `[::1]:8000`, `localhost:8000`.
[[nodiscard]] Endpoint endpoint(std::string_view name, const std::string& text);
[[nodiscard]] std::string topic(std::string_view name, const std::string& text);
[[nodiscard]] std::vector<std::string> origins(std::string_view name, const std::string& text);
/// Addresses and networks with commas; given back as they are.
[[nodiscard]] std::string proxies(std::string_view name, const std::string& text);
/// `https://host:port/path/`, without user, query or fragment; the last slash is added where it is
/// missing.
[[nodiscard]] std::string folder_url(std::string_view name, const std::string& text);
[[nodiscard]] Algorithm algorithm(std::string_view name, const std::string& text);
[[nodiscard]] log::Level level(std::string_view name, const std::string& text);
[[nodiscard]] log::Format format(std::string_view name, const std::string& text);
/// At least 32 bytes, and not what examples and tutorials show.
[[nodiscard]] Secret key(std::string_view name, std::string text);

}  // namespace userd::parse
