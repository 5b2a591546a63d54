#include "passwords/argon2_memory.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <string_view>
#include <thread>

#include "passwords/hasher.hpp"
#include "support/page_faults.hpp"

namespace userd {
namespace {

const Hasher kHasher{Argon2Settings{}};
constexpr std::size_t kMebibyte = std::size_t{1} << 20U;

Secret secret(std::string_view text = "correct horse battery staple") {
    return Secret(text);
}

bool is_mapped(const void* start) {
    unsigned char resident = 0;
    return ::mincore(const_cast<void*>(start), 1, &resident) == 0;
}

/// Of the mapping that holds the address, each between spaces (proc(5)).
std::string flags_of(const void* start) {
    const auto address = reinterpret_cast<std::uintptr_t>(start);
    std::ifstream maps("/proc/self/smaps");
    bool is_it = false;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t first = 0;
        std::uintptr_t last = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &last) == 2)
            is_it = first <= address && address < last;
        else if (is_it && line.starts_with("VmFlags:"))
            return line + ' ';
    }
    return {};
}

void* map(std::size_t bytes, int protection = PROT_READ | PROT_WRITE,
          int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE) {
    return ::mmap(nullptr, bytes, protection, flags, -1, 0);
}

TEST(Argon2Memory, ServesOneHashAfterAnotherWithoutNewPages) {
    Argon2Memory memory(kHasher.memory_bytes());
    const std::string first = kHasher.hash(secret(), &memory);
    ASSERT_TRUE(memory.is_held());
    const long before = page_faults_of_thread();
    const std::string second = kHasher.hash(secret(), &memory);
    EXPECT_TRUE(kHasher.verify(secret(), first, &memory));
    // Without it, one for each of 4,864 pages.
    EXPECT_LT(page_faults_of_thread() - before, 400);
    EXPECT_TRUE(kHasher.verify(secret(), second));
}

TEST(Argon2Memory, WhatAnotherHashLeftThereChangesNoResult) {
    const std::string stored = kHasher.hash(secret());
    Argon2Memory memory(kHasher.memory_bytes());
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(kHasher.verify(secret(), stored, &memory));
        EXPECT_FALSE(kHasher.verify(secret("another"), stored, &memory));
        const std::string fresh = kHasher.hash(secret("another"), &memory);
        EXPECT_TRUE(kHasher.verify(secret("another"), fresh));
    }
}

TEST(Argon2Memory, ServesHashesWhoseSizeIsRounded) {
    const Hasher hasher({4099, 1});
    Argon2Memory memory(hasher.memory_bytes());
    EXPECT_TRUE(hasher.verify(secret(), hasher.hash(secret(), &memory)));
    EXPECT_TRUE(memory.is_held());
}

TEST(Argon2Memory, HashesOfAnotherSizeHavePagesOfTheirOwn) {
    Argon2Memory memory(Hasher({64, 1}).memory_bytes());
    for (const Hasher& hasher : {Hasher({128, 1}), Hasher({32, 1})})
        EXPECT_TRUE(hasher.verify(secret(), hasher.hash(secret(), &memory), &memory));
    EXPECT_FALSE(memory.is_held());
}

TEST(Argon2Memory, HoldsNothingBeforeTheFirstHashAndAfterRelease) {
    Argon2Memory memory(kHasher.memory_bytes());
    EXPECT_FALSE(memory.is_held());
    const std::string stored = kHasher.hash(secret(), &memory);
    memory.release();
    EXPECT_FALSE(memory.is_held());
    EXPECT_TRUE(kHasher.verify(secret(), stored, &memory));
    EXPECT_TRUE(memory.is_held());
}

TEST(Argon2Memory, IsUnmappedWhenReleased) {
    Argon2Memory memory(kMebibyte);
    void* const start = memory.lend(kMebibyte);
    ASSERT_NE(start, nullptr);
    EXPECT_TRUE(memory.take_back(start, kMebibyte));
    EXPECT_TRUE(is_mapped(start));
    memory.release();
    EXPECT_FALSE(is_mapped(start));
}

TEST(Argon2Memory, IsNotReleasedWhileItIsLent) {
    Argon2Memory memory(kMebibyte);
    void* const start = memory.lend(kMebibyte);
    ASSERT_NE(start, nullptr);
    memory.release();
    EXPECT_TRUE(is_mapped(start));
    EXPECT_TRUE(memory.take_back(start, kMebibyte));
}

TEST(Argon2Memory, IsLentToOneAtATimeAndTakenBackWhole) {
    Argon2Memory memory(kMebibyte);
    void* const start = memory.lend(kMebibyte);
    ASSERT_NE(start, nullptr);
    EXPECT_EQ(memory.lend(kMebibyte), nullptr);
    EXPECT_FALSE(memory.take_back(&memory, kMebibyte));
    EXPECT_FALSE(memory.take_back(start, kMebibyte / 2));
    EXPECT_TRUE(memory.take_back(start, kMebibyte));
    EXPECT_FALSE(memory.take_back(start, kMebibyte));
    EXPECT_EQ(memory.lend(kMebibyte), start);
    EXPECT_TRUE(memory.take_back(start, kMebibyte));
}

TEST(Argon2Memory, IsLentToNoOtherMappingThanThatOfAHash) {
    Argon2Memory memory(kMebibyte);
    const Argon2Memory::Lending lending(&memory);
    for (void* const other : {map(kMebibyte, PROT_NONE),
                              map(kMebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS),
                              map(kMebibyte / 2)}) {
        ASSERT_NE(other, MAP_FAILED);
        EXPECT_FALSE(memory.is_held());
        EXPECT_EQ(::munmap(other, 4096), 0);
        EXPECT_FALSE(is_mapped(other));
    }
    void* const hashs = map(kMebibyte);
    EXPECT_TRUE(memory.is_held());
    EXPECT_EQ(::munmap(hashs, kMebibyte), 0);
    EXPECT_TRUE(is_mapped(hashs));
}

TEST(Argon2Memory, IsLentToNoOtherThreadAndOnlyDuringALending) {
    Argon2Memory memory(kMebibyte);
    const auto maps_elsewhere = [&memory] {
        void* const other = map(kMebibyte);
        EXPECT_FALSE(memory.is_held());
        EXPECT_EQ(::munmap(other, kMebibyte), 0);
    };
    maps_elsewhere();
    {
        const Argon2Memory::Lending lending(&memory);
        std::thread(maps_elsewhere).join();
    }
    maps_elsewhere();
}

TEST(Argon2Memory, IsInNoCoreDumpAndInHugePagesWhereThereAreSome) {
    Argon2Memory memory(kHasher.memory_bytes());
    void* const start = memory.lend(kHasher.memory_bytes());
    ASSERT_NE(start, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(start) % (2 * kMebibyte), 0U);
    const std::string flags = flags_of(start);
    EXPECT_NE(flags.find(" dd "), flags.npos) << flags;
    const bool has_huge_pages = std::filesystem::exists("/sys/kernel/mm/transparent_hugepage");
    EXPECT_EQ(flags.find(" hg ") != flags.npos, has_huge_pages) << flags;
    EXPECT_TRUE(memory.take_back(start, kHasher.memory_bytes()));
}

// The sanitizers need more room than the limit leaves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

/// What becomes of a verification with the right password once all memory but that which is kept
/// is used up. In a child: the limit stays.
enum Outcome { kMatches, kDiffers, kShortOfMemory, kUnexpected };

Outcome verify_without_memory(const Hasher& hasher, const std::string& stored) {
    Argon2Memory memory(hasher.memory_bytes());
    if (!hasher.verify(secret(), stored)) return kUnexpected;
    if (hasher.hash(secret(), &memory).empty() || !memory.is_held()) return kUnexpected;
    const rlimit none{1, 1};
    if (::setrlimit(RLIMIT_AS, &none) != 0) return kUnexpected;
    try {
        return hasher.verify(secret(), stored, &memory) ? kMatches : kDiffers;
    } catch (const std::bad_alloc&) {
        return kShortOfMemory;
    }
}

int outcome_in_child(const Hasher& hasher, const std::string& stored) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(verify_without_memory(hasher, stored));
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Argon2Memory, AShortageOfMemoryIsNeverAWrongPassword) {
    // With a salt of 8 bytes libsodium verifies by itself, and calls a shortage a mismatch.
    const std::string stored =
        "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$tDv43p3pNH943m2Zk0h4pdo6coHpjEekzoh5jBLu+6I";
    EXPECT_EQ(outcome_in_child(Hasher({65536, 1}), stored), kShortOfMemory);
}

#endif

}  // namespace
}  // namespace userd
