#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace userd::log {

enum class Level { trace, debug, info, warning, error, off };
enum class Format { text, json };

[[nodiscard]] std::string_view name_of(Level level) noexcept;
[[nodiscard]] std::string_view name_of(Format format) noexcept;

/// One named value of a log line. Text is escaped on output, so input from outside cannot forge a
/// line.
struct Field {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, double, bool> value;

    Field(std::string_view n, std::string_view v) : name(n), value(v) {}
    Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
    Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
    Field(std::string_view n, bool v) : name(n), value(v) {}
    Field(std::string_view n, double v) : name(n), value(v) {}
    template <class Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
        Field(std::string_view n, Integer v)
        : name(n), value(static_cast<std::int64_t>(v)) {}
};

using Fields = std::initializer_list<Field>;

/// Lines go to standard error. Before the first call the level is info, the format text. Not
/// thread-safe against lines being written: call it once, at the start.
void configure(Level level, Format format);
/// Writes what is queued and stops the writing thread.
void shutdown();

/// From now on nothing is written.
void silence() noexcept;

[[nodiscard]] bool enabled(Level level) noexcept;

/// Writes one line. Thread-safe; never blocks on a slow reader for more than the queue's bound.
void write(Level level, std::string_view message, Fields fields = {});

inline void debug(std::string_view message, Fields fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
    write(Level::info, message, fields);
}
inline void warning(std::string_view message, Fields fields = {}) {
    write(Level::warning, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
    write(Level::error, message, fields);
}

/// The line without time and level, for tests: `message name=value …` or the JSON members.
[[nodiscard]] std::string render(Format format, Level level, std::string_view time,
                                 std::string_view message, Fields fields);

}  // namespace userd::log
