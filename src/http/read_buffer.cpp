#include "http/read_buffer.hpp"

#include <cstring>
#include <utility>

namespace userd::http {
namespace {

// A usual request with its token fits in.
constexpr std::size_t kIdleSize = 2 * 1024;
constexpr std::size_t kReadSize = 16 * 1024;

}  // namespace

ReadBuffer::~ReadBuffer() {
    consume(size());
}

std::span<char> ReadBuffer::prepare() {
    reserve(empty() ? kIdleSize : kReadSize);
    return {memory_.get() + end_, capacity_ - end_};
}

/// Gives way to a new memory when there is not room enough behind the bytes, or far too much.
void ReadBuffer::reserve(std::size_t room) {
    if (empty()) begin_ = end_ = 0;
    const bool is_oversized = empty() && capacity_ > kIdleSize;
    if (capacity_ - end_ >= room && !is_oversized) return;
    const std::size_t count = size();
    auto memory = std::make_unique_for_overwrite<char[]>(count + room);
    if (count > 0) std::memcpy(memory.get(), memory_.get() + begin_, count);
    consume(count);
    memory_ = std::move(memory);
    capacity_ = count + room;
    begin_ = 0;
    end_ = count;
}

void ReadBuffer::consume(std::size_t count) noexcept {
    if (count > 0) ::explicit_bzero(memory_.get() + begin_, count);
    begin_ += count;
}

}  // namespace userd::http
