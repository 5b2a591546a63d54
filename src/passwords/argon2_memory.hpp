#pragma once

#include <cstddef>

namespace userd {

/// Memory that a thread's Argon2 hashes use one after another. libsodium maps fresh pages for each
/// hash and unmaps them after it, which is as much work for the kernel as the hash is for the
/// processor. While one of these lives, what libsodium maps on its thread comes from here: its
/// mmap() and munmap() are led here by the linker (CMakeLists.txt), for libsodium takes no
/// allocator. Not thread-safe, at most one for a thread, destroyed on the thread that made it.
class Argon2Memory {
  public:
    /// Serves hashes of up to that many bytes; larger ones get fresh pages as before. Maps nothing
    /// yet.
    explicit Argon2Memory(std::size_t bytes);
    ~Argon2Memory();
    Argon2Memory(const Argon2Memory&) = delete;
    Argon2Memory& operator=(const Argon2Memory&) = delete;

    /// Unmaps it until the next hash. What a hash left there is derived from its password, so that
    /// it should not stay for long.
    void release() noexcept;

    [[nodiscard]] bool is_held() const noexcept { return start_ != nullptr; }

    /// The thread's own, or null.
    [[nodiscard]] static Argon2Memory* of_thread() noexcept;

    /// For a mapping that libsodium asks for. Null when it does not fit, is lent already, or memory
    /// is short.
    [[nodiscard]] void* lend(std::size_t bytes) noexcept;
    /// True when it was lent from here, and may be lent again.
    [[nodiscard]] bool take_back(const void* start) noexcept;

  private:
    void map() noexcept;

    const std::size_t bytes_;
    void* mapped_ = nullptr;
    void* start_ = nullptr;  ///< within it, where a huge page begins
    bool is_lent_ = false;
};

}  // namespace userd
