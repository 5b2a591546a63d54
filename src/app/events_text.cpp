#include "app/events_text.hpp"

#include <boost/json.hpp>
#include <charconv>

namespace userd {
namespace {

namespace json = boost::json;

std::string printable(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text;
}

std::string place(const TopicRecord& record) {
    return "  " + std::to_string(record.partition) + ":" + std::to_string(record.offset) + "\n";
}

std::string to_json(const TopicRecord& record, const std::optional<TopicChange>& change) {
    json::object object{{"partition", record.partition}, {"offset", record.offset}};
    if (!change) {
        object["foreign"] = true;
        return json::serialize(object) + "\n";
    }
    object["id"] = change->id.to_string();
    object["type"] = change->type;
    object["user"] = change->user.to_string();
    object["version"] = change->version;
    object["time"] = change->time;
    if (change->state) {
        object["username"] = change->state->username;
        object["email"] = change->state->email;
        object["disabled"] = change->state->disabled;
    }
    return json::serialize(object) + "\n";
}

/// Takes `digits` decimal digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    int value = 0;
    if (text.size() < digits) return std::nullopt;
    for (const char c : text.substr(0, digits)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = 10 * value + (c - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<Timestamp> parse_ago(std::string_view text, Timestamp now) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    constexpr std::int64_t kMost = 36500;
    if (error != std::errc() || end + 1 != text.data() + text.size() || count < 0)
        return std::nullopt;
    std::chrono::seconds unit{0};
    if (*end == 's') unit = std::chrono::seconds(1);
    if (*end == 'm') unit = std::chrono::minutes(1);
    if (*end == 'h') unit = std::chrono::hours(1);
    if (*end == 'd') unit = std::chrono::days(1);
    if (unit.count() == 0 || count > kMost * std::chrono::days(1) / unit) return std::nullopt;
    return now - count * unit;
}

std::optional<std::chrono::sys_days> take_day(std::string_view& text) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

std::optional<std::chrono::minutes> take_hours(std::string_view& text) {
    const auto hours = take_number(text, 2);
    if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

/// `Z` or `+01:00`: how far the clock there is ahead.
std::optional<std::chrono::minutes> parse_zone(std::string_view text) {
    if (text == "Z" || text == "z") return std::chrono::minutes(0);
    const bool ahead = take(text, '+');
    if (!ahead && !take(text, '-')) return std::nullopt;
    const auto offset = take_hours(text);
    if (!offset || !text.empty()) return std::nullopt;
    return ahead ? *offset : -*offset;
}

}  // namespace

std::string describe(const TopicRecord& record, bool json) {
    const std::optional<TopicChange> change = decode(record);
    if (json) return to_json(record, change);
    if (!change) return "a record that is not of userd" + place(record);
    std::string line = change->time + "  " + change->type + "  user " + change->user.to_string() +
                       "  version " + std::to_string(change->version);
    if (change->state)
        line += "  " + change->state->username + "  " + change->state->email +
                (change->state->disabled ? "  disabled" : "");
    return printable(std::move(line)) + place(record);
}

std::optional<Timestamp> parse_since(std::string_view text, Timestamp now) {
    if (const auto ago = parse_ago(text, now)) return ago;
    const auto day = take_day(text);
    if (!day) return std::nullopt;
    if (text.empty()) return Timestamp(*day);
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    const auto hours = take_hours(text);
    if (!hours || !take(text, ':')) return std::nullopt;
    const auto seconds = take_number(text, 2);
    if (!seconds || *seconds > 60) return std::nullopt;
    std::chrono::milliseconds fraction{0};
    if (take(text, '.')) {
        std::chrono::milliseconds unit{100};
        std::optional<int> digit = take_number(text, 1);
        if (!digit) return std::nullopt;
        for (; digit; digit = take_number(text, 1), unit /= 10)
            fraction += *digit * unit;
    }
    const auto zone = parse_zone(text);
    if (!zone) return std::nullopt;
    return *day + *hours + std::chrono::seconds(*seconds) + fraction - *zone;
}

}  // namespace userd
