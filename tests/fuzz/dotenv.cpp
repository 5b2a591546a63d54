// A .env file.
#include "app/dotenv.hpp"

#include <set>

#include "require.hpp"

namespace {

using namespace userd;
using fuzz::require;

constexpr std::string_view kNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

std::string in_quotes(std::string_view value) {
    std::string out = "\"";
    for (const char c : value)
        switch (c) {
            case '\n':
                out += "\\n";
                break;
            case '"':
            case '\\':
            case '$':
                out += '\\';
                [[fallthrough]];
            default:
                out += c;
        }
    return out + "\"";
}

void check_values(const NamedValues& values) {
    std::set<std::string> seen;
    std::string again;
    for (const auto& [name, value] : values) {
        require(!name.empty() && name.find_first_not_of(kNameCharacters) == std::string::npos,
                "names have their form");
        require(seen.insert(name).second, "a name comes once");
        require(value.find('\0') == std::string::npos, "no NUL in values");
        again += name + "=" + in_quotes(value) + "\r\n";
    }
    if (again.size() <= 64 * 1024)
        require(parse_env_file(again, "again") == values, "what is quoted comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    NamedValues values;
    try {
        values = parse_env_file(text, "file");
    } catch (const SettingError& error) {
        const std::string_view what = error.what();
        require(what.starts_with("file "), "an error names the file");
        require(what.find_first_of("\r\n") == std::string_view::npos, "in one line");
        return 0;
    }
    check_values(values);
    return 0;
}
