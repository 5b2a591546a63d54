#include "async/loops.hpp"

#include <pthread.h>

#include <string>

namespace userd {
namespace {

thread_local std::size_t t_current_loop = 0;

}  // namespace

Loops::Loops(std::size_t count, std::size_t first_index) : first_index_(first_index) {
    for (std::size_t i = 0; i < count; ++i)
        loops_.push_back(std::make_unique<Loop>());
}

Loops::~Loops() {
    stop();
    join();
    // What is suspended on one loop may own a socket of another, so no loop goes before all are
    // empty.
    for (const auto& loop : loops_)
        loop->context.drop();
}

void Loops::start() {
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        loops_[i]->thread = std::thread([this, i] {
            t_current_loop = first_index_ + i;
            pthread_setname_np(pthread_self(), ("loop-" + std::to_string(t_current_loop)).c_str());
            loops_[i]->context.run();
        });
    }
}

void Loops::finish() {
    for (const auto& loop : loops_)
        loop->work.reset();
}

void Loops::stop() {
    for (const auto& loop : loops_)
        loop->context.stop();
}

void Loops::join() {
    for (const auto& loop : loops_)
        if (loop->thread.joinable()) loop->thread.join();
}

std::size_t current_loop() noexcept {
    return t_current_loop;
}

}  // namespace userd
