// A chunked body and what follows it on the connection; and the same bytes as a body to be encoded.
#include "http/chunked.hpp"

#include "require.hpp"

namespace {

using userd::fuzz::require;
using userd::http::ChunkedBody;
using State = ChunkedBody::State;

constexpr std::size_t kMaxBody = 2048;

struct Outcome {
    State state = State::more;
    std::string body;
    std::size_t left = 0;  ///< bytes after the body's end

    bool operator==(const Outcome& other) const {
        if (state != other.state) return false;
        // What was decoded before a fault is not used.
        if (state == State::malformed || state == State::too_large) return true;
        return body == other.body && left == other.left;
    }
};

/// Feeds `bytes` in pieces, as a network would cut them.
Outcome decode(std::string_view bytes, std::size_t piece) {
    ChunkedBody decoder(kMaxBody);
    std::string waiting;
    Outcome outcome;
    while (outcome.state == State::more && !bytes.empty()) {
        waiting.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        std::string_view view = waiting;
        outcome.state = decoder.feed(view);
        require(view.size() <= waiting.size(), "feed only consumes");
        waiting.erase(0, waiting.size() - view.size());
    }
    outcome.body = decoder.body();
    require(outcome.body.size() <= kMaxBody, "the limit holds");
    if (outcome.state == State::done) outcome.left = waiting.size() + bytes.size();
    return outcome;
}

std::string encode(std::string_view body, std::size_t chunk) {
    std::string encoded;
    while (!body.empty()) {
        const std::string_view data = body.substr(0, chunk);
        body.remove_prefix(data.size());
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", data.size());
        encoded += size + std::string(data) + "\r\n";
    }
    return encoded + "0\r\n\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Outcome whole = decode(bytes, bytes.size() + 1);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, size / 2 + 1})
        require(decode(bytes, piece) == whole, "the same however it is cut");

    const std::size_t chunk = size % 97 + 1;
    const Outcome again = decode(encode(bytes, chunk) + "GET /", 13);
    if (size <= kMaxBody)
        require(again == Outcome{State::done, std::string(bytes), 5}, "what is encoded comes back");
    else
        require(again.state == State::too_large, "a body over the limit is refused");
    return 0;
}
