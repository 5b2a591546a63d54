#pragma once

#include <cstddef>

namespace userd {

/// Memory that hashes of one size use one after another. libsodium maps fresh pages for each hash
/// and unmaps them after it, which is as much work for the kernel as the hash is for the processor;
/// it takes no allocator, so that its mmap() and munmap() are led here by the linker
/// (USERD_ARGON2_LINK_OPTIONS). For one thread at a time.
class Argon2Memory {
  public:
    /// For hashes of that many bytes; others get fresh pages as before. Maps nothing yet.
    explicit Argon2Memory(std::size_t bytes);
    ~Argon2Memory();
    Argon2Memory(const Argon2Memory&) = delete;
    Argon2Memory& operator=(const Argon2Memory&) = delete;

    /// While one lives, what libsodium's Argon2 maps on this thread comes from the memory. None
    /// within another.
    class Lending {
      public:
        /// Null lends nothing.
        explicit Lending(Argon2Memory* memory) noexcept;
        ~Lending();
        Lending(const Lending&) = delete;
        Lending& operator=(const Lending&) = delete;
    };

    /// Unmaps it until the next hash. What a hash has left there is derived from its password, so
    /// that it should not stay without need. Not within a Lending.
    void release() noexcept;

    [[nodiscard]] bool is_held() const noexcept { return start_ != nullptr; }

    /// What the linker leads here. Null when it is not of the size, lent already, or memory is
    /// short.
    [[nodiscard]] void* lend(std::size_t bytes) noexcept;
    /// True when just that was lent from here; it may be lent again.
    [[nodiscard]] bool take_back(const void* start, std::size_t bytes) noexcept;

  private:
    void map() noexcept;

    const std::size_t bytes_;
    void* mapped_ = nullptr;
    void* start_ = nullptr;  ///< within it, where a huge page begins
    bool is_lent_ = false;
};

}  // namespace userd
