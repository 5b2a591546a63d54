#include "base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <iterator>
#include <memory>

#include "base/clock.hpp"
#include "base/line_writer.hpp"

namespace userd::log {
namespace {

using Buffer = fmt::memory_buffer;

std::atomic<Level> g_level{Level::info};
std::atomic<Format> g_format{Format::text};
std::unique_ptr<LineWriter> g_writer;

void append(Buffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

bool needs_escape(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte >= 0x7F || c == '"' || c == '\\';
}

/// JSON's escapes (RFC 8259 section 7); DEL and bytes above ASCII become \u00XX.
void append_escaped(Buffer& out, std::string_view text) {
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(
            std::find_if(text.begin(), text.end(), needs_escape) - text.begin());
        append(out, text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) return;
        const char c = text.front();
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        }
        text.remove_prefix(1);
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
    g_level = level;
    g_format = format;
    if (!g_writer) g_writer = std::make_unique<LineWriter>(STDERR_FILENO);
}

void silence() noexcept {
    g_level = Level::off;
}

void shutdown() {
    g_writer.reset();
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
    if (g_writer)
        g_writer->write(text);
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
