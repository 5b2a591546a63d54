// The answer of a breach check's range service.
#include "passwords/breach_range.hpp"

#include "require.hpp"

namespace {

using userd::find_in_range;
using userd::fuzz::require;

constexpr std::string_view kSuffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string answer(reinterpret_cast<const char*>(data), size);
    const auto found = find_in_range(answer, kSuffix);
    if (!found) return 0;
    require(!*found || answer.find(kSuffix) != std::string::npos, "a hit is in the answer");
    const std::string ended = answer + (answer.ends_with('\n')   ? ""
                                        : answer.ends_with('\r') ? "\n"
                                                                 : "\r\n");
    const std::string line(kSuffix);
    require(find_in_range(ended + line + ":1", kSuffix) == true, "one more line makes a hit");
    require(find_in_range(ended + line + ":0\r\n", kSuffix) == found, "padding changes nothing");
    require(!find_in_range(ended + "\r\n", kSuffix), "an empty line is none");
    return 0;
}
