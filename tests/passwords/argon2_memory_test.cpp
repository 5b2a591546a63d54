#include "passwords/argon2_memory.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "passwords/hasher.hpp"

namespace userd {
namespace {

const Hasher kHasher{Argon2Settings{}};

Secret secret(std::string_view text = "correct horse battery staple") {
    return Secret(text);
}

long page_faults_of_thread() {
    rusage usage{};
    EXPECT_EQ(::getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_minflt;
}

bool is_mapped(const void* start) {
    unsigned char resident = 0;
    return ::mincore(const_cast<void*>(start), 1, &resident) == 0;
}

TEST(Argon2Memory, ServesOneHashAfterAnotherWithoutNewPages) {
    Argon2Memory memory(kHasher.memory_bytes());
    const std::string first = kHasher.hash(secret());
    ASSERT_TRUE(memory.is_held());
    const long before = page_faults_of_thread();
    const std::string second = kHasher.hash(secret());
    // Without it, one for each of 4,864 pages.
    EXPECT_LT(page_faults_of_thread() - before, 200);
    EXPECT_TRUE(kHasher.verify(secret(), first));
    EXPECT_TRUE(kHasher.verify(secret(), second));
}

TEST(Argon2Memory, WhatAnotherHashLeftThereChangesNoResult) {
    const std::string cheap = Hasher({64, 3}).hash(secret());
    const std::string costly = kHasher.hash(secret());
    Argon2Memory memory(kHasher.memory_bytes());
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(kHasher.verify(secret(), costly));
        EXPECT_TRUE(kHasher.verify(secret(), cheap));
        EXPECT_FALSE(kHasher.verify(secret("another"), cheap));
        EXPECT_FALSE(kHasher.verify(secret("another"), costly));
    }
}

TEST(Argon2Memory, HoldsNothingBeforeTheFirstHashAndAfterRelease) {
    Argon2Memory memory(kHasher.memory_bytes());
    EXPECT_FALSE(memory.is_held());
    const std::string stored = kHasher.hash(secret());
    memory.release();
    EXPECT_FALSE(memory.is_held());
    EXPECT_TRUE(kHasher.verify(secret(), stored));
    EXPECT_TRUE(memory.is_held());
}

TEST(Argon2Memory, IsUnmappedWhenReleased) {
    Argon2Memory memory(std::size_t{1} << 20U);
    void* const start = memory.lend(4096);
    ASSERT_NE(start, nullptr);
    EXPECT_TRUE(memory.take_back(start));
    EXPECT_TRUE(is_mapped(start));
    memory.release();
    EXPECT_FALSE(is_mapped(start));
}

TEST(Argon2Memory, LargerHashesAndThoseOfOtherThreadsHavePagesOfTheirOwn) {
    Argon2Memory memory(std::size_t{64} * 1024);
    EXPECT_TRUE(kHasher.verify(secret(), kHasher.hash(secret())));
    EXPECT_FALSE(memory.is_held());
    std::thread([] { EXPECT_FALSE(Hasher({8, 1}).hash(secret()).empty()); }).join();
    EXPECT_FALSE(memory.is_held());
}

TEST(Argon2Memory, IsLentToOneAtATime) {
    Argon2Memory memory(std::size_t{1} << 20U);
    void* const start = memory.lend(4096);
    ASSERT_NE(start, nullptr);
    EXPECT_EQ(memory.lend(4096), nullptr);
    EXPECT_FALSE(memory.take_back(&memory));
    EXPECT_TRUE(memory.take_back(start));
    EXPECT_FALSE(memory.take_back(start));
    EXPECT_EQ(memory.lend(4096), start);
}

TEST(Argon2Memory, IsInNoCoreDump) {
    Argon2Memory memory(kHasher.memory_bytes());
    const auto address = reinterpret_cast<std::uintptr_t>(memory.lend(kHasher.memory_bytes()));
    std::ifstream maps("/proc/self/smaps");
    bool is_ours = false;
    std::string flags;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t first = 0;
        std::uintptr_t last = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &last) == 2)
            is_ours = first <= address && address < last;
        else if (is_ours && line.starts_with("VmFlags:"))
            flags = line + ' ';
    }
    EXPECT_NE(flags.find(" dd "), flags.npos) << flags;
}

TEST(Argon2Memory, BeginsAtAHugePage) {
    Argon2Memory memory(kHasher.memory_bytes());
    const auto address = reinterpret_cast<std::uintptr_t>(memory.lend(kHasher.memory_bytes()));
    EXPECT_EQ(address % (std::uintptr_t{2} << 20U), 0U);
}

}  // namespace
}  // namespace userd
