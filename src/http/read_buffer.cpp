#include "http/read_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace userd::http {
namespace {

// A usual request with its token fits in.
constexpr std::size_t kLeastRoom = 2 * 1024;
constexpr std::size_t kReadSize = 16 * 1024;

}  // namespace

ReadBuffer::~ReadBuffer() {
    consume(size());
}

std::span<char> ReadBuffer::prepare() {
    if (empty()) {
        begin_ = end_ = 0;
        if (capacity_ != kLeastRoom) move_to(kLeastRoom);
    } else if (capacity_ - end_ < kLeastRoom) {
        // As much again, so that bytes which come one by one are not copied each time.
        move_to(size() + std::max(size(), kReadSize));
    }
    return {memory_.get() + end_, capacity_ - end_};
}

void ReadBuffer::move_to(std::size_t capacity) {
    const std::size_t count = size();
    auto memory = std::make_unique_for_overwrite<char[]>(capacity);
    if (count > 0) std::memcpy(memory.get(), memory_.get() + begin_, count);
    consume(count);
    memory_ = std::move(memory);
    capacity_ = capacity;
    begin_ = 0;
    end_ = count;
}

void ReadBuffer::consume(std::size_t count) noexcept {
    if (count > 0) ::explicit_bzero(memory_.get() + begin_, count);
    begin_ += count;
}

}  // namespace userd::http
