#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.hpp"
#include "base/secret.hpp"

namespace userd {

/// The effective text of each setting: the three sources laid over each other.
class SettingValues {
  public:
    /// SettingError for a name in the flags or the file that is none.
    explicit SettingValues(const SettingSources& sources);

    /// Null when it is not set.
    [[nodiscard]] const std::string* find(const std::string& name) const;

    /// From `NAME`, or from the file that `NAME_FILE` names. SettingError when both are set, or the
    /// file cannot be read.
    struct SecretText {
        std::string name;  ///< of the variable that gave it
        std::string text;
    };
    [[nodiscard]] std::optional<SecretText> find_secret(const std::string& name) const;
    /// Empty when it is not set; SettingError unless it is fit for a key.
    [[nodiscard]] Secret key(const std::string& name) const;

    /// `KAFKA_*` that are no settings of ours, by librdkafka's names.
    [[nodiscard]] const std::map<std::string, std::string>& kafka_properties() const {
        return kafka_properties_;
    }
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    void take(const NamedValues& source, bool only_known);
    void take_kafka(const std::string& name, const std::string& value);

    std::map<std::string, std::string> values_;
    std::map<std::string, std::string> kafka_properties_;
    std::vector<std::string> warnings_;
};

}  // namespace userd
