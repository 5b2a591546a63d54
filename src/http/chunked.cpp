#include "http/chunked.hpp"

#include <charconv>

namespace userd::http {
namespace {

constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxOverhead = 64 * 1024;

bool is_line_text(std::string_view line) {
    return line.size() <= kMaxLine &&
           line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// Before a line's end has come: its CR may be the last byte.
ChunkedBody::State unfinished(std::string_view line) {
    return line.size() > kMaxLine + 1 ? ChunkedBody::State::malformed : ChunkedBody::State::more;
}

}  // namespace

ChunkedBody::State ChunkedBody::feed(std::string_view& bytes) {
    for (;;) {
        State state = State::more;
        const Part part = part_;
        const std::size_t size = bytes.size();
        switch (part_) {
            case Part::size:
                state = take_size(bytes);
                break;
            case Part::data:
                state = take_data(bytes);
                break;
            case Part::trailer:
                state = take_trailer(bytes);
                break;
        }
        if (overhead_ > kMaxOverhead) return State::malformed;
        const bool advanced = part_ != part || bytes.size() != size;
        if (state != State::more || !advanced || bytes.empty()) return state;
    }
}

ChunkedBody::State ChunkedBody::take_size(std::string_view& bytes) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return unfinished(bytes);
    const std::string_view line = bytes.substr(0, end);
    std::size_t size = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    const std::string_view rest = line.substr(static_cast<std::size_t>(stop - line.data()));
    if (error != std::errc{} || !is_line_text(line) || (!rest.empty() && rest.front() != ';'))
        return State::malformed;
    if (size > max_body_ - body_.size()) return State::too_large;
    bytes.remove_prefix(end + 2);
    overhead_ += end + 2;
    left_ = size + 2;
    part_ = size == 0 ? Part::trailer : Part::data;
    return State::more;
}

ChunkedBody::State ChunkedBody::take_data(std::string_view& bytes) {
    while (left_ > 2 && !bytes.empty()) {
        const std::size_t size = std::min(left_ - 2, bytes.size());
        body_.append(bytes.substr(0, size));
        bytes.remove_prefix(size);
        left_ -= size;
    }
    if (left_ > 2 || bytes.size() < 2) return State::more;
    if (!bytes.starts_with("\r\n")) return State::malformed;
    bytes.remove_prefix(2);
    part_ = Part::size;
    return State::more;
}

ChunkedBody::State ChunkedBody::take_trailer(std::string_view& bytes) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return unfinished(bytes);
    if (!is_line_text(bytes.substr(0, end))) return State::malformed;
    const bool last = end == 0;
    bytes.remove_prefix(end + 2);
    overhead_ += end + 2;
    return last ? State::done : State::more;
}

}  // namespace userd::http
