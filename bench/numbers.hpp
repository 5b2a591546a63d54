#pragma once

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

/// A program's argument; std::invalid_argument names the one that is no number.
template <class Number>
[[nodiscard]] Number number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument("not a number: " + std::string(text));
    return value;
}

}  // namespace bench
