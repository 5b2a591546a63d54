#pragma once

#include <map>
#include <string>

#include "base/secret.hpp"

namespace userd {

/// A PostgreSQL URI as libpq reads it, checked as far as that goes without a server.
class PostgresUrl {
  public:
    /// std::invalid_argument with a line that repeats nothing of the URI.
    explicit PostgresUrl(const Secret& uri);

    /// As a URI without passwords.
    [[nodiscard]] std::string shown() const;

  private:
    [[nodiscard]] std::string value_of(const std::string& keyword) const;
    [[nodiscard]] std::string shown_hosts() const;
    void check() const;

    std::map<std::string, Secret> given_;  ///< by keyword
};

}  // namespace userd
