#include "base/log.hpp"

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <iterator>

#include "base/clock.hpp"

namespace userd::log {
namespace {

using Buffer = fmt::memory_buffer;

std::atomic<Level> g_level{Level::info};
std::atomic<Format> g_format{Format::text};
std::shared_ptr<spdlog::logger> g_logger;

void append(Buffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

/// JSON's escapes (RFC 8259 section 7); DEL and bytes above ASCII become \u00XX or stay valid
/// UTF-8.
void append_escaped(Buffer& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (byte < 0x20 || byte == 0x7F || byte > 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
        } else {
            out.push_back(c);
        }
    }
}

void append_quoted(Buffer& out, std::string_view text) {
    out.push_back('"');
    append_escaped(out, text);
    out.push_back('"');
}

bool is_plain(std::string_view text) {
    if (text.empty()) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '=';
    });
}

void append_value(Buffer& out, Format format, const Field& field) {
    std::visit(
        [&](const auto& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, std::string_view>) {
                if (format == Format::text && is_plain(value))
                    append(out, value);
                else
                    append_quoted(out, value);
            } else if constexpr (std::is_same_v<T, double>) {
                fmt::format_to(std::back_inserter(out), "{:.6g}", value);
            } else {
                fmt::format_to(std::back_inserter(out), "{}", value);
            }
        },
        field.value);
}

void render_to(Buffer& out, Format format, Level level, std::string_view time,
               std::string_view message, Fields fields) {
    if (format == Format::json) {
        append(out, R"({"time":)");
        append_quoted(out, time);
        append(out, R"(,"level":)");
        append_quoted(out, name_of(level));
        append(out, R"(,"message":)");
        append_quoted(out, message);
        for (const Field& field : fields) {
            out.push_back(',');
            append_quoted(out, field.name);
            out.push_back(':');
            append_value(out, format, field);
        }
        out.push_back('}');
        return;
    }
    fmt::format_to(std::back_inserter(out), "{} {:<7} ", time, name_of(level));
    append_escaped(out, message);
    for (const Field& field : fields) {
        out.push_back(' ');
        append(out, field.name);
        out.push_back('=');
        append_value(out, format, field);
    }
}

}  // namespace

std::string_view name_of(Level level) noexcept {
    switch (level) {
        case Level::trace:
            return "trace";
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
        case Level::off:
            return "off";
    }
    return "unknown";
}

std::string_view name_of(Format format) noexcept {
    return format == Format::json ? "json" : "text";
}

void configure(Level level, Format format) {
    constexpr std::size_t kQueuedLines = 8192;
    g_level = level;
    g_format = format;
    if (!g_logger) {
        spdlog::init_thread_pool(kQueuedLines, 1);
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        // A full queue makes the writer wait: a line about a request is never silently missing.
        g_logger = std::make_shared<spdlog::async_logger>(
            "userd", std::move(sink), spdlog::thread_pool(), spdlog::async_overflow_policy::block);
        g_logger->set_pattern("%v");
        g_logger->set_level(spdlog::level::trace);
    }
}

void silence() noexcept {
    g_level = Level::off;
}

void shutdown() {
    // The worker holds the logger until its last line is out, and ends here.
    spdlog::shutdown();
    g_logger.reset();
}

bool enabled(Level level) noexcept {
    return level >= g_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message, Fields fields) {
    if (!enabled(level)) return;
    Buffer line;
    render_to(line, g_format.load(std::memory_order_relaxed), level, rfc3339(system_now()), message,
              fields);
    const std::string_view text(line.data(), line.size());
    if (g_logger)
        g_logger->log(spdlog::level::info, text);
    else
        fmt::print(stderr, "{}\n", text);
}

std::string render(Format format, Level level, std::string_view time, std::string_view message,
                   Fields fields) {
    Buffer line;
    render_to(line, format, level, time, message, fields);
    return {line.data(), line.size()};
}

}  // namespace userd::log
