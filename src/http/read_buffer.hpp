#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace userd::http {

/// The bytes of a connection that were received and not yet used. Small while it is empty, since
/// most connections are idle most of the time. Wipes what was used: it held tokens and passwords.
class ReadBuffer {
  public:
    ReadBuffer() = default;
    ReadBuffer(const ReadBuffer&) = delete;
    ReadBuffer& operator=(const ReadBuffer&) = delete;
    ~ReadBuffer();

    [[nodiscard]] std::string_view bytes() const noexcept {
        return {memory_.get() + begin_, end_ - begin_};
    }
    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }

    /// Room for what comes next, at least 2 KiB; more where more is likely to come. Views that
    /// bytes() gave end here.
    [[nodiscard]] std::span<char> prepare();
    /// So many bytes of that room were filled.
    void commit(std::size_t count) noexcept { end_ += count; }
    /// The first `count` bytes, at most size(), have been used.
    void consume(std::size_t count) noexcept;

  private:
    void move_to(std::size_t capacity);

    std::unique_ptr<char[]> memory_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace userd::http
