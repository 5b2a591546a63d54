#include "app/dotenv.hpp"

#include <algorithm>
#include <set>

#include "base/files.hpp"
#include "base/text.hpp"

namespace userd {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr std::string_view kSpace = " \t";

bool is_name(std::string_view text) {
    constexpr std::string_view kFirst = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view kDigits = "0123456789";
    if (text.empty() || kFirst.find(text.front()) == std::string_view::npos) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return kFirst.find(c) != std::string_view::npos ||
               kDigits.find(c) != std::string_view::npos;
    });
}

class LineParser {
  public:
    LineParser(std::string place, std::string_view line)
        : place_(std::move(place)), line_(trim(line)) {}

    /// Nothing for a blank line or a comment.
    std::optional<std::pair<std::string, std::string>> parse() {
        if (line_.empty() || line_.front() == '#') return std::nullopt;
        constexpr std::string_view kExport = "export ";
        if (line_.starts_with(kExport)) line_ = trim(line_.substr(kExport.size()));
        const std::size_t equals = line_.find('=');
        if (equals == std::string_view::npos) fail("has no '='; write NAME=VALUE");
        const std::string_view name = trim(line_.substr(0, equals));
        if (!is_name(name)) fail("has a malformed name before '='");
        return std::pair(std::string(name), value(trim(line_.substr(equals + 1))));
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        throw SettingError(place_ + " " + what);
    }

    [[nodiscard]] std::string value(std::string_view text) const {
        if (text.starts_with('\'')) return literal(text);
        if (text.starts_with('"')) return escaped(text);
        for (std::size_t i = 0; i < text.size(); ++i)
            if (text[i] == '#' && (i == 0 || kSpace.find(text[i - 1]) != std::string_view::npos))
                return std::string(trim(text.substr(0, i)));
        return std::string(text);
    }

    void check_rest(std::string_view rest) const {
        rest = trim(rest);
        if (!rest.empty() && rest.front() != '#') fail("has text after the closing quote");
    }

    [[nodiscard]] std::string literal(std::string_view text) const {
        const std::size_t end = text.find('\'', 1);
        if (end == std::string_view::npos) fail("has an unclosed quote");
        check_rest(text.substr(end + 1));
        return std::string(text.substr(1, end - 1));
    }

    [[nodiscard]] std::string escaped(std::string_view text) const {
        std::string value;
        for (std::size_t i = 1; i < text.size(); ++i) {
            if (text[i] == '"') {
                check_rest(text.substr(i + 1));
                return value;
            }
            if (text[i] != '\\') {
                value.push_back(text[i]);
                continue;
            }
            if (++i == text.size()) break;
            switch (text[i]) {
                case 'n':
                    value.push_back('\n');
                    break;
                case '"':
                case '\\':
                case '$':
                    value.push_back(text[i]);
                    break;
                default:
                    fail("has an unknown escape; \\n \\\" \\\\ \\$ are known");
            }
        }
        fail("has an unclosed quote");
    }

    std::string place_;
    std::string_view line_;
};

}  // namespace

NamedValues parse_env_file(std::string_view text, const std::string& name) {
    if (text.size() > kMaxFile) throw SettingError(name + " is larger than 64 KiB");
    if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos)
        throw SettingError(name + " is not UTF-8 text");
    NamedValues values;
    std::set<std::string> seen;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        const std::string place = name + " line " + std::to_string(number);
        auto entry = LineParser(place, line).parse();
        if (!entry) continue;
        if (!seen.insert(entry->first).second)
            throw SettingError(place + ": " + entry->first + " is set twice");
        values.push_back(*std::move(entry));
    }
    return values;
}

NamedValues read_env_file(const std::string& path) {
    const std::string name = path.empty() ? ".env" : path;
    const std::optional<std::string> text = read_file(name, kMaxFile);
    if (!text && !path.empty()) throw SettingError("--env-file: there is no file " + path);
    return text ? parse_env_file(*text, name) : NamedValues{};
}

}  // namespace userd
