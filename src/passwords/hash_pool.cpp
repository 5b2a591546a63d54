#include "passwords/hash_pool.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "async/resume.hpp"
#include "base/log.hpp"

namespace userd {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The fresh hash, the verification, a refusal, or what the job threw.
using Outcome = std::variant<Errc, std::string, Verification, std::exception_ptr>;

struct Job {
    Secret password;
    std::optional<std::string> stored;  ///< none: a fresh hash is wanted
    SteadyClock::time_point queued;
    Resume<Outcome> resume;
};

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

class HashPool::Impl {
  public:
    Impl(const Hasher& hasher, HashPoolSettings settings);
    ~Impl() { shut_down(); }

    Task<Outcome> run(Job job);
    [[nodiscard]] HashPoolStats stats() const;
    void observe(Observer observer);

  private:
    /// Leaves the job as it is, and returns false, when it is refused.
    bool enqueue(Job& job);
    [[nodiscard]] bool has_room() const;
    void work();
    void finish(Job job, SteadyClock::time_point began);
    Outcome compute(const Job& job, SteadyClock::time_point began) const;
    void note(SteadyClock::duration waited, SteadyClock::duration took);
    void refuse(Job job);
    void shut_down() noexcept;

    const Hasher& hasher_;
    const HashPoolSettings settings_;
    Observer observer_;

    mutable std::mutex mutex_;  // for all below
    std::condition_variable changed_;
    std::deque<Job> queue_;
    HashPoolStats stats_;
    double mean_seconds_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;  // only the constructor and shut_down() touch it
};

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

Task<Outcome> HashPool::Impl::run(Job job) {
    // Once a job is queued its coroutine may go on at any time on another thread, so that nothing
    // of this frame is touched any more.
    auto start = [this, &job](Resume<Outcome> resume) {
        Outcome refusal = Errc::busy;
        try {
            job.resume = resume;
            if (enqueue(job)) return;
        } catch (...) {
            refusal = std::current_exception();
        }
        // A frame that holds its own resumption would never be freed if its loop is stopped.
        job.resume = nullptr;
        resume(std::move(refusal));
    };
    co_return co_await wait_for<Outcome>(start);
}

bool HashPool::Impl::enqueue(Job& job) {
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
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (stopping_) return;
        Job job = std::move(queue_.front());
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
            finish(std::move(job), now);
        lock.lock();
    }
}

void HashPool::Impl::finish(Job job, SteadyClock::time_point began) {
    Outcome outcome = compute(job, began);
    const auto took = SteadyClock::now() - began;
    if (auto* const verification = std::get_if<Verification>(&outcome)) verification->took = took;
    job.password = Secret();
    note(began - job.queued, took);
    job.resume(std::move(outcome));
}

Outcome HashPool::Impl::compute(const Job& job, SteadyClock::time_point began) const {
    try {
        if (!job.stored) return hasher_.hash(job.password);
        return Verification{hasher_.verify(job.password, *job.stored), began, {}};
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

void HashPool::Impl::refuse(Job job) {
    job.password = Secret();
    job.resume(Errc::busy);
}

void HashPool::Impl::shut_down() noexcept {
    std::deque<Job> refused;
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        refused.swap(queue_);
        stats_.queued = 0;
        stats_.refused += refused.size();
    }
    changed_.notify_all();
    for (Job& job : refused)
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

HashPool::HashPool(const Hasher& hasher, HashPoolSettings settings)
    : impl_(std::make_unique<Impl>(hasher, settings)) {}

HashPool::~HashPool() = default;

Task<Result<std::string>> HashPool::hash(Secret password) {
    Job job{std::move(password), std::nullopt, {}, {}};
    Outcome outcome = co_await impl_->run(std::move(job));
    if (auto* const failure = std::get_if<std::exception_ptr>(&outcome))
        std::rethrow_exception(*failure);
    if (auto* const refusal = std::get_if<Errc>(&outcome)) co_return *refusal;
    co_return std::get<std::string>(std::move(outcome));
}

Task<Result<Verification>> HashPool::verify(Secret password, std::string stored) {
    Job job{std::move(password), std::move(stored), {}, {}};
    Outcome outcome = co_await impl_->run(std::move(job));
    if (auto* const failure = std::get_if<std::exception_ptr>(&outcome))
        std::rethrow_exception(*failure);
    if (auto* const refusal = std::get_if<Errc>(&outcome)) co_return *refusal;
    co_return std::get<Verification>(outcome);
}

HashPoolStats HashPool::stats() const {
    return impl_->stats();
}

void HashPool::observe(Observer observer) {
    impl_->observe(std::move(observer));
}

}  // namespace userd
