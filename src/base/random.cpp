#include "base/random.hpp"

#include <sodium.h>

#include <array>
#include <cstring>

namespace userd {
namespace {

// The kernel is asked for so much at a time: a question costs more than the bytes.
constexpr std::size_t kStock = 1024;
// More is asked for directly.
constexpr std::size_t kMostFromStock = 64;

/// Whether the thread's stock has gone, as it has for what runs at the very end of the thread.
thread_local bool t_stock_has_gone = false;

/// Random bytes of one thread that nobody has had yet. What is given out is wiped here.
class Stock {
  public:
    Stock() = default;
    ~Stock() {
        sodium_memzero(bytes_.data(), bytes_.size());
        t_stock_has_gone = true;
    }
    Stock(const Stock&) = delete;
    Stock& operator=(const Stock&) = delete;

    void take(std::span<std::uint8_t> wanted) {
        if (left_ < wanted.size()) {
            randombytes_buf(bytes_.data(), bytes_.size());
            left_ = bytes_.size();
        }
        left_ -= wanted.size();
        std::memcpy(wanted.data(), bytes_.data() + left_, wanted.size());
        sodium_memzero(bytes_.data() + left_, wanted.size());
    }

  private:
    std::array<std::uint8_t, kStock> bytes_{};
    std::size_t left_ = 0;
};

}  // namespace

void fill_random(std::span<std::uint8_t> bytes) {
    if (bytes.empty()) return;
    if (bytes.size() > kMostFromStock || t_stock_has_gone)
        return randombytes_buf(bytes.data(), bytes.size());
    thread_local Stock stock;
    stock.take(bytes);
}

std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    fill_random({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    return bytes;
}

}  // namespace userd
