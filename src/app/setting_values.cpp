#include "app/setting_values.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "app/setting_parsers.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace userd {
namespace {

bool is_known(std::string_view name) {
    return std::any_of(setting_table().begin(), setting_table().end(),
                       [&](const SettingInfo& info) { return info.name == name; });
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] =
                std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row.back();
}

[[noreturn]] void fail_unknown(const std::string& name) {
    constexpr std::size_t kFarthest = 4;
    std::string_view nearest;
    std::size_t distance = kFarthest;
    for (const SettingInfo& info : setting_table())
        if (const std::size_t found = edit_distance(name, info.name); found < distance) {
            distance = found;
            nearest = info.name;
        }
    parse::fail(name, nearest.empty()
                          ? "is no setting; see userd serve --help"
                          : "is no setting; did you mean " + std::string(nearest) + "?");
}

/// What Kubernetes adds for a service named kafka (or kafka-something).
bool is_link_variable(std::string_view name) {
    return name == "KAFKA_PORT" || name.starts_with("KAFKA_PORT_") ||
           name.find("_SERVICE_HOST") != name.npos || name.find("_SERVICE_PORT") != name.npos ||
           name.find("_PORT_") != name.npos ||
           (name.ends_with("_PORT") && name.starts_with("KAFKA_"));
}

std::string librdkafka_name(std::string_view variable) {
    std::string name = compared_form(variable.substr(std::string_view("KAFKA_").size()));
    std::replace(name.begin(), name.end(), '_', '.');
    return name;
}

}  // namespace

SettingValues::SettingValues(const SettingSources& sources) {
    take(sources.file, true);
    take(sources.environment, false);
    take(sources.flags, true);
}

const std::string* SettingValues::find(const std::string& name) const {
    const auto entry = values_.find(name);
    return entry == values_.end() ? nullptr : &entry->second;
}

void SettingValues::take(const NamedValues& source, bool only_known) {
    std::map<std::string, std::string> taken;
    for (const auto& [name, value] : source) {
        const bool known = is_known(name);
        if (!known && !name.starts_with("KAFKA_")) {
            if (only_known) fail_unknown(name);
            continue;
        }
        // An empty variable is an unset one, and does not hide a lower source's value.
        if (value.empty()) continue;
        if (known)
            taken[name] = value;
        else
            take_kafka(name, value);
    }
    // Two names of one setting: within a source the full one counts, and either beats a lower
    // source's.
    if (const auto old = taken.find("BOOTSTRAP_SERVER"); old != taken.end())
        taken.emplace("KAFKA_BOOTSTRAP_SERVERS", old->second);
    for (auto& [name, value] : taken)
        values_[name] = std::move(value);
}

void SettingValues::take_kafka(const std::string& name, const std::string& value) {
    if (is_link_variable(name))
        warnings_.push_back(name + " looks like a Kubernetes service variable and is ignored");
    else
        kafka_properties_[librdkafka_name(name)] = value;
}

std::optional<SettingValues::SecretText> SettingValues::find_secret(const std::string& name) const {
    const std::string file_name = name + "_FILE";
    const std::string* text = find(name);
    const std::string* file = find(file_name);
    if (text != nullptr && file != nullptr)
        parse::fail(name, "is set, and " + file_name + " too; set one");
    if (text != nullptr) return SecretText{name, *text};
    if (file == nullptr) return std::nullopt;
    std::optional<std::string> content;
    try {
        content = read_file(*file, 1 << 16);
    } catch (const std::runtime_error& error) {
        parse::fail(file_name, error.what());
    }
    if (!content) parse::fail(file_name, "there is no file " + *file);
    while (content->ends_with('\n') || content->ends_with('\r'))
        content->pop_back();
    return SecretText{file_name, *std::move(content)};
}

Secret SettingValues::key(const std::string& name) const {
    std::optional<SecretText> found = find_secret(name);
    return found ? parse::key(found->name, std::move(found->text)) : Secret();
}

}  // namespace userd
