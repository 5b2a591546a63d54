#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace userd::http {

/// Decodes a chunked body (RFC 9112 section 7.1) as its bytes arrive. Extensions and trailers are
/// read and dropped, within the limits.
class ChunkedBody {
  public:
    enum class State { more, done, malformed, too_large };

    explicit ChunkedBody(std::size_t max_body) : max_body_(max_body) {}

    /// Consumes from `bytes` what it can; call again with what is left and more.
    State feed(std::string_view& bytes);
    [[nodiscard]] std::string& body() noexcept { return body_; }

  private:
    State take_size(std::string_view& bytes);
    State take_data(std::string_view& bytes);
    State take_trailer(std::string_view& bytes);

    enum class Part { size, data, trailer };
    Part part_ = Part::size;
    std::size_t max_body_;
    std::size_t left_ = 0;      ///< of the current chunk, its CRLF included
    std::size_t overhead_ = 0;  ///< bytes of lines read so far
    std::string body_;
};

}  // namespace userd::http
