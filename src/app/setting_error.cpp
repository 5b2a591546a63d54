#include "app/settings.hpp"

namespace userd {
namespace {

std::string in_one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    return text;
}

}  // namespace

SettingError::SettingError(std::string what) : std::runtime_error(in_one_line(std::move(what))) {}

}  // namespace userd
