#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/secret.hpp"

namespace userd::postgres {

/// Where to connect and how: libpq's keywords, several hosts as one list per host, so that each has
/// a time of its own.
class Conninfo {
  public:
    /// libpq's URI or keywords. std::runtime_error with one line, without the text itself.
    explicit Conninfo(const Secret& text);

    /// Null-terminated arrays for PQconnectStartParams; good while this lives.
    struct Keywords {
        std::vector<const char*> names;
        std::vector<const char*> values;
    };
    [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }
    [[nodiscard]] Keywords keywords(std::size_t host) const;
    /// Of the host, for people: name and port.
    [[nodiscard]] std::string label(std::size_t host) const;

  private:
    using Values = std::vector<std::pair<std::string, std::string>>;
    void add_default(const std::string& name, const std::string& value);
    void split_hosts();

    Values common_;
    std::vector<Values> hosts_;  ///< at least one
};

}  // namespace userd::postgres
