#include "passwords/argon2_memory.hpp"

#include <sys/mman.h>

#include <memory>

// The linker's names for a function that it wraps (ld, --wrap).
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
extern "C" void* __real_mmap(void* wish, std::size_t bytes, int protection, int flags, int file,
                             off_t offset);
extern "C" int __real_munmap(void* start, std::size_t bytes);

extern "C" void* __wrap_mmap(void* wish, std::size_t bytes, int protection, int flags, int file,
                             off_t offset) {
    if (auto* const memory = userd::Argon2Memory::of_thread(); memory != nullptr && file == -1)
        if (void* const start = memory->lend(bytes)) return start;
    return __real_mmap(wish, bytes, protection, flags, file, offset);
}

extern "C" int __wrap_munmap(void* start, std::size_t bytes) {
    if (auto* const memory = userd::Argon2Memory::of_thread();
        memory != nullptr && memory->take_back(start))
        return 0;
    return __real_munmap(start, bytes);
}

namespace userd {
namespace {

/// What the kernel can map at once on x86-64 and arm64.
constexpr std::size_t kHugePage = std::size_t{2} << 20U;

thread_local Argon2Memory* memory_of_thread = nullptr;

}  // namespace
Argon2Memory::Argon2Memory(std::size_t bytes) : bytes_(bytes) {
    memory_of_thread = this;
}

Argon2Memory::~Argon2Memory() {
    release();
    memory_of_thread = nullptr;
}

void Argon2Memory::release() noexcept {
    if (mapped_ != nullptr) __real_munmap(mapped_, bytes_ + kHugePage);
    mapped_ = start_ = nullptr;
}

void Argon2Memory::map() noexcept {
    void* const mapped = __real_mmap(nullptr, bytes_ + kHugePage, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return;
    mapped_ = mapped;
    start_ = mapped;
    std::size_t room = bytes_ + kHugePage;
    std::align(kHugePage, bytes_, start_, room);
    // Either is a favour: without it a hash is slower, or a core dump holds what it left.
    ::madvise(start_, bytes_, MADV_HUGEPAGE);
    ::madvise(start_, bytes_, MADV_DONTDUMP);
}

Argon2Memory* Argon2Memory::of_thread() noexcept {
    return memory_of_thread;
}

void* Argon2Memory::lend(std::size_t bytes) noexcept {
    if (is_lent_ || bytes > bytes_) return nullptr;
    if (start_ == nullptr) map();
    is_lent_ = start_ != nullptr;
    return start_;
}

bool Argon2Memory::take_back(const void* start) noexcept {
    if (!is_lent_ || start != start_) return false;
    is_lent_ = false;
    return true;
}

}  // namespace userd
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
