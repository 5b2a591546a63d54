#include "passwords/hash_pool_impl.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.hpp"

namespace userd {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// How long a thread without work keeps the memory of its hashes: until callers that log in one
/// time after the other have come back, and no longer, since it holds what is derived from
/// passwords.
constexpr std::chrono::milliseconds kMemoryKept{50};

double seconds(SteadyClock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// On Linux a nice value belongs to a thread. Relative, so that it is lower than the loops'
/// whatever the process was started with.
void lower_priority() {
    constexpr int kLower = 10;
    const auto thread = static_cast<id_t>(::gettid());
    errno = 0;
    const int now = ::getpriority(PRIO_PROCESS, thread);
    if (errno != 0 || ::setpriority(PRIO_PROCESS, thread, std::min(now + kLower, 19)) != 0)
        log::warning("password hashing runs at normal priority: setpriority is not permitted",
                     {{"errno", errno}});
}

}  // namespace

HashPool::Impl::Impl(const Hasher& hasher, HashPoolSettings settings)
    : hasher_(hasher), settings_(settings) {
    const std::size_t count = std::max<std::size_t>(1, settings_.threads);
    threads_.reserve(count);
    try {
        while (threads_.size() < count)
            threads_.emplace_back([this] { work(); });
    } catch (...) {
        shut_down();
        throw;
    }
}

Task<HashOutcome> HashPool::Impl::run(HashJob job) {
    // Once a job is queued its coroutine may go on at any time on another thread, so that nothing
    // of this frame is touched any more.
    auto start = [this, &job](Resume<HashOutcome> resume) {
        HashOutcome refusal = Errc::busy;
        try {
            job.resume = resume;
            if (enqueue(job)) return;
        } catch (...) {
            refusal = std::current_exception();
        }
        // A frame that holds its own resumption would never be freed if its loop is stopped.
        job.resume = {};
        resume(std::move(refusal));
    };
    co_return co_await wait_for<HashOutcome>(start);
}

bool HashPool::Impl::enqueue(HashJob& job) {
    {
        const std::scoped_lock lock(mutex_);
        if (stopping_ || !has_room()) {
            ++stats_.refused;
            return false;
        }
        job.queued = SteadyClock::now();
        queue_.push_back(std::move(job));
        stats_.queued = queue_.size();
    }
    changed_.notify_one();
    return true;
}

bool HashPool::Impl::has_room() const {
    const std::size_t threads = std::max<std::size_t>(1, settings_.threads);
    // Idle threads are about to take the first jobs of the queue: those do not wait.
    const std::size_t taken_at_once = std::min(queue_.size(), threads - stats_.running);
    const std::size_t waiting = queue_.size() - taken_at_once;
    if (queue_.size() >= settings_.queue + (threads - stats_.running)) return false;
    const double wait = static_cast<double>(waiting) * mean_seconds_ / static_cast<double>(threads);
    return wait <= seconds(settings_.deadline);
}

void HashPool::Impl::work() {
    pthread_setname_np(pthread_self(), "hash");
    lower_priority();
    Argon2Memory memory(hasher_.memory_bytes());
    std::unique_lock lock(mutex_);
    while (await_job(lock, memory)) {
        HashJob job = std::move(queue_.front());
        queue_.pop_front();
        stats_.queued = queue_.size();
        const auto now = SteadyClock::now();
        const bool late = now - job.queued > settings_.deadline;
        if (late) {
            ++stats_.refused;
        } else {
            ++stats_.running;
            stats_.wait_seconds += seconds(now - job.queued);
        }
        lock.unlock();
        if (late)
            refuse(std::move(job));
        else
            finish(std::move(job), now, memory);
        lock.lock();
    }
}

bool HashPool::Impl::await_job(std::unique_lock<std::mutex>& lock, Argon2Memory& memory) {
    const auto has_news = [this] { return stopping_ || !queue_.empty(); };
    if (memory.is_held() && !changed_.wait_for(lock, kMemoryKept, has_news)) {
        lock.unlock();
        memory.release();
        lock.lock();
    }
    changed_.wait(lock, has_news);
    return !stopping_;
}

void HashPool::Impl::finish(HashJob job, SteadyClock::time_point began, Argon2Memory& memory) {
    HashOutcome outcome = compute(job, began, memory);
    const auto took = SteadyClock::now() - began;
    if (auto* const verification = std::get_if<Verification>(&outcome)) verification->took = took;
    job.password = Secret();
    note(began - job.queued, took);
    job.resume(std::move(outcome));
}

HashOutcome HashPool::Impl::compute(const HashJob& job, SteadyClock::time_point began,
                                    Argon2Memory& memory) const {
    try {
        if (!job.stored) return hasher_.hash(job.password, &memory);
        // A hash of another kind would leave in it what the last one left.
        if (hasher_.needs_rehash(*job.stored)) memory.release();
        const bool in_fresh_memory = !memory.is_held();
        const bool matches = hasher_.verify(job.password, *job.stored, &memory);
        return Verification{matches, began, {}, in_fresh_memory};
    } catch (...) {
        return std::current_exception();
    }
}

void HashPool::Impl::note(SteadyClock::duration waited, SteadyClock::duration took) {
    if (observer_) {
        try {
            observer_(waited, took);
        } catch (const std::exception& error) {
            log::error("a hash job could not be counted", {{"reason", error.what()}});
        }
    }
    const std::scoped_lock lock(mutex_);
    const bool first = stats_.done == 0;
    --stats_.running;
    ++stats_.done;
    stats_.hash_seconds += seconds(took);
    mean_seconds_ += (seconds(took) - mean_seconds_) / (first ? 1 : 16);
}

void HashPool::Impl::refuse(HashJob job) {
    job.password = Secret();
    job.resume(Errc::busy);
}

void HashPool::Impl::shut_down() noexcept {
    std::deque<HashJob> refused;
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        refused.swap(queue_);
        stats_.queued = 0;
        stats_.refused += refused.size();
    }
    changed_.notify_all();
    for (HashJob& job : refused)
        refuse(std::move(job));
    for (std::thread& thread : threads_)
        thread.join();
}

HashPoolStats HashPool::Impl::stats() const {
    const std::scoped_lock lock(mutex_);
    return stats_;
}

void HashPool::Impl::observe(Observer observer) {
    const std::scoped_lock lock(mutex_);
    observer_ = std::move(observer);
}

}  // namespace userd
