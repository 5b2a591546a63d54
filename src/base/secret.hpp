#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace userd {

/// A password, token or key: cannot be printed or compared by accident, and wipes its bytes when it
/// goes. reveal() names every place that reads it. Move-only; copy() says where a second one is
/// wanted.
class Secret {
  public:
    Secret() = default;
    /// Takes the bytes over; a moved-from short string is wiped too.
    explicit Secret(std::string&& bytes);
    explicit Secret(std::string_view bytes) : bytes_(bytes) {}
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    [[nodiscard]] Secret copy() const { return Secret(std::string_view(bytes_)); }
    [[nodiscard]] std::string_view reveal() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

  private:
    std::string bytes_;
};

/// Overwrites the bytes in a way the compiler may not drop, then empties the string.
void wipe(std::string& bytes) noexcept;

/// Takes the same time wherever two strings of equal length differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace userd
