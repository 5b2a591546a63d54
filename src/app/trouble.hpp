#pragma once

#include <mutex>
#include <string>

namespace userd {

/// Why something does not work now, told to the log once per change of the reason and when it is
/// over. Thread-safe.
class Trouble {
  public:
    /// `subject` begins the log's lines: "the database".
    explicit Trouble(std::string subject) : subject_(std::move(subject)) {}

    void note(const std::string& reason);
    void clear();
    [[nodiscard]] std::string reason() const;  ///< empty when there is none

  private:
    const std::string subject_;
    mutable std::mutex mutex_;
    std::string reason_;
};

}  // namespace userd
