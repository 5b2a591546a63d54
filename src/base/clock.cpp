#include "base/clock.hpp"

namespace userd {
namespace {

/// Right-aligned in its place, with leading zeros.
void put_digits(std::string& text, std::size_t place, std::size_t digits, unsigned value) {
    for (std::size_t i = digits; i > 0; --i, value /= 10)
        text[place + i - 1] = static_cast<char>('0' + value % 10);
}

}  // namespace

Timestamp system_now() noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string rfc3339(Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::string text = "0000-00-00T00:00:00.000Z";
    put_digits(text, 0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
    put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
    put_digits(text, 11, 2, static_cast<unsigned>(clock.hours().count()));
    put_digits(text, 14, 2, static_cast<unsigned>(clock.minutes().count()));
    put_digits(text, 17, 2, static_cast<unsigned>(clock.seconds().count()));
    put_digits(text, 20, 3, static_cast<unsigned>(clock.subseconds().count()));
    return text;
}

}  // namespace userd
