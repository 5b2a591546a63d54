#include "passwords/argon2_memory.hpp"

#include <sys/mman.h>

#include <memory>

namespace userd {
namespace {

/// What the kernel can map at once on x86-64 and arm64.
constexpr std::size_t kHugePage = std::size_t{2} << 20U;

constinit thread_local Argon2Memory* lending = nullptr;

/// As libsodium asks for the memory of an Argon2 hash, and for nothing else.
bool is_for_argon2(const void* wish, int protection, int flags, int file) noexcept {
    return wish == nullptr && protection == (PROT_READ | PROT_WRITE) &&
           flags == (MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE) && file == -1;
}

}  // namespace
}  // namespace userd

// The linker's names for a function that it wraps (ld, --wrap).
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
extern "C" void* __real_mmap(void* wish, std::size_t bytes, int protection, int flags, int file,
                             off_t offset);
extern "C" int __real_munmap(void* start, std::size_t bytes);

extern "C" void* __wrap_mmap(void* wish, std::size_t bytes, int protection, int flags, int file,
                             off_t offset) {
    if (userd::lending != nullptr && userd::is_for_argon2(wish, protection, flags, file))
        if (void* const start = userd::lending->lend(bytes)) return start;
    return __real_mmap(wish, bytes, protection, flags, file, offset);
}

extern "C" int __wrap_munmap(void* start, std::size_t bytes) {
    if (userd::lending != nullptr && userd::lending->take_back(start, bytes)) return 0;
    return __real_munmap(start, bytes);
}

namespace userd {

Argon2Memory::Lending::Lending(Argon2Memory* memory) noexcept {
    lending = memory;
}

Argon2Memory::Lending::~Lending() {
    lending = nullptr;
}

Argon2Memory::Argon2Memory(std::size_t bytes) : bytes_(bytes) {}

Argon2Memory::~Argon2Memory() {
    release();
}

void Argon2Memory::release() noexcept {
    if (start_ == nullptr || is_lent_) return;
    // Unmapping can fail where the process has too many mappings; what is in it goes all the same.
    ::madvise(start_, bytes_, MADV_DONTNEED);
    if (__real_munmap(mapped_, bytes_ + kHugePage) == 0) mapped_ = start_ = nullptr;
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

void* Argon2Memory::lend(std::size_t bytes) noexcept {
    if (is_lent_ || bytes != bytes_) return nullptr;
    if (start_ == nullptr) map();
    is_lent_ = start_ != nullptr;
    return start_;
}

bool Argon2Memory::take_back(const void* start, std::size_t bytes) noexcept {
    if (!is_lent_ || start != start_ || bytes != bytes_) return false;
    is_lent_ = false;
    return true;
}

}  // namespace userd
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
