/// The limit of logins and registrations: libsodium's Argon2id on as many threads, and nothing
/// else. With memory `kept`, each thread's hashes use the same pages one after another, as userd's
/// do; with `fresh`, libsodium maps new ones for each.
#include <sodium.h>

#include <array>
#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "../numbers.hpp"
#include "../report.hpp"
#include "passwords/argon2_memory.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Parameters {
    std::size_t memory_kib;
    unsigned long long iterations;
    std::size_t threads;
    bool is_memory_kept;
    std::chrono::duration<double> duration;
};

/// Milliseconds of each hash that began before the end.
std::vector<double> hash_until(SteadyClock::time_point end, const Parameters& parameters) {
    constexpr std::string_view kPassword = "correct horse battery staple";
    std::optional<userd::Argon2Memory> memory;
    if (parameters.is_memory_kept) memory.emplace(parameters.memory_kib * 1024);
    const userd::Argon2Memory::Lending lending(memory ? &*memory : nullptr);
    std::array<unsigned char, crypto_pwhash_argon2id_SALTBYTES> salt{};
    std::array<unsigned char, 32> digest{};
    std::vector<double> took;
    for (auto began = SteadyClock::now(); began < end;) {
        randombytes_buf(salt.data(), salt.size());
        if (crypto_pwhash_argon2id(digest.data(), digest.size(), kPassword.data(), kPassword.size(),
                                   salt.data(), parameters.iterations, parameters.memory_kib * 1024,
                                   crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
            throw std::runtime_error("libsodium refuses the parameters or is short of memory");
        const auto now = SteadyClock::now();
        took.push_back(std::chrono::duration<double, std::milli>(now - began).count());
        began = now;
    }
    return took;
}

bool is_kept(std::string_view memory) {
    if (memory != "fresh" && memory != "kept")
        throw std::invalid_argument("memory is either fresh or kept");
    return memory == "kept";
}

void run(const Parameters& parameters) {
    if (sodium_init() < 0) throw std::runtime_error("libsodium could not be started");
    std::vector<std::vector<double>> took(parameters.threads);
    const auto began = SteadyClock::now();
    const auto end = began + std::chrono::duration_cast<SteadyClock::duration>(parameters.duration);
    {
        std::vector<std::jthread> threads;
        for (std::vector<double>& mine : took)
            threads.emplace_back([&mine, end, &parameters] { mine = hash_until(end, parameters); });
    }
    std::vector<double> all;
    for (const std::vector<double>& one : took)
        all.insert(all.end(), one.begin(), one.end());
    bench::report(std::move(all), SteadyClock::now() - began, 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::cerr << "usage: raw_hash MEMORY_KIB ITERATIONS THREADS fresh|kept SECONDS\n";
        return 2;
    }
    try {
        run({bench::number<std::size_t>(argv[1]), bench::number<unsigned long long>(argv[2]),
             bench::number<std::size_t>(argv[3]), is_kept(argv[4]),
             std::chrono::duration<double>(bench::number<double>(argv[5]))});
    } catch (const std::exception& error) {
        std::cerr << "raw_hash: " << error.what() << '\n';
        return 1;
    }
}
