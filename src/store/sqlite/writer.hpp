#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "async/resume.hpp"
#include "base/clock.hpp"
#include "base/errc.hpp"
#include "store/health.hpp"
#include "store/sqlite/cached_rows.hpp"
#include "store/sqlite/connection.hpp"

namespace userd::sqlite {

/// What a job of the writer works with, inside the batch's transaction.
struct Write {
    Connection& db;
    Timestamp now;
    ChangedRows& changed;  ///< what a profile is read from, of the whole batch
    bool wrote_events = false;
    bool audits = false;  ///< whether audit events are written
};

/// The thread that alone writes and checkpoints. It takes everything that waits into one
/// transaction, a savepoint each, commits once, lets `cached` forget what changed, then answers
/// all: group commit without a timer.
///
/// A job that throws is rolled back alone, and what it threw is its answer. When the transaction
/// fails, every job of the batch is answered with StoreUnavailable, and the writer goes on with the
/// next batch. Thread-safe. The destructor finishes what waits.
class Writer {
  public:
    Writer(std::unique_ptr<Connection> db, CachedRows& cached, std::size_t queue, Clock clock,
           bool audits = false);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Runs `work` on the writer's thread and gives its value once it is durable.
    template <class T>
    Task<T> run(std::function<T(Write&)> work) {
        const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
        auto start = [this, &work, &executor](Resume<Answer<T>> resume) {
            // Kept aside: what the queue refuses is answered here. Once a job is queued its
            // coroutine may go on on another thread, so that nothing of this frame is touched.
            const Resume<Answer<T>> refused = resume;
            // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
            const boost::asio::any_io_executor loop = executor;
            const std::shared_ptr<Queue> queue = queue_;
            auto job = std::make_unique<TypedJob<T>>(std::move(work), std::move(resume));
            const std::optional<std::uint64_t> number = queue->push(std::move(job));
            if (!number) return refused(Answer<T>{{}, refusal()});
            // After all that is ready on this loop, which may bring more jobs for the same commit.
            boost::asio::post(loop, [queue, number] { queue->wake(*number); });
        };
        Answer<T> answer = co_await wait_for<Answer<T>>(start);
        if (answer.failure) std::rethrow_exception(std::move(answer.failure));
        co_return *std::move(answer.value);
    }

    /// Called on the writer's thread after each commit that wrote events. When this returns, the
    /// callback that was set before is not running and will not be called again.
    void on_event(std::function<void()> nudge);

    /// Whether writing failed for a reason outside, and no transaction has succeeded since.
    [[nodiscard]] bool is_failing() const noexcept { return health_.is_failing(); }

  private:
    class Job {
      public:
        virtual ~Job() = default;
        virtual void run(Write& write) = 0;
        /// What it threw; it was rolled back.
        virtual void fail(std::exception_ptr failure) = 0;
        /// With the batch's failure, if that failed as a whole. Called once, last.
        virtual void answer(const std::optional<std::string>& batch_failure,
                            ResumeGroup& answers) = 0;
    };
    using Batch = std::vector<std::unique_ptr<Job>>;

    /// What waits for the next batch. Thread-safe; what is posted to loops may outlive the writer.
    class Queue {
      public:
        explicit Queue(std::size_t limit) : limit_(limit) {}
        /// The job's number, for wake(); nothing when the queue is full or stopped.
        [[nodiscard]] std::optional<std::uint64_t> push(std::unique_ptr<Job> job);
        /// The writer takes all that waits, unless the job is no longer among it.
        void wake(std::uint64_t number);
        /// Waits for a wake(). Nothing once it is stopped and empty.
        [[nodiscard]] Batch take();
        void stop();

      private:
        const std::size_t limit_;
        std::mutex mutex_;
        std::condition_variable woken_;
        Batch waiting_;
        std::uint64_t taken_ = 0;  ///< jobs so far; the first that waits has this number
        bool is_due_ = false;
        bool stopping_ = false;
    };

    template <class T>
    struct Answer {
        std::optional<T> value;
        std::exception_ptr failure;
    };

    template <class T>
    class TypedJob final : public Job {
      public:
        TypedJob(std::function<T(Write&)> work, Resume<Answer<T>> resume)
            : work_(std::move(work)), resume_(std::move(resume)) {}
        void run(Write& write) override { answer_.value.emplace(work_(write)); }
        void fail(std::exception_ptr failure) override { answer_.failure = std::move(failure); }
        void answer(const std::optional<std::string>& batch_failure,
                    ResumeGroup& answers) override {
            if (batch_failure)
                answer_ = {{}, std::make_exception_ptr(StoreUnavailable(*batch_failure))};
            resume_(std::move(answer_), answers);
        }

      private:
        std::function<T(Write&)> work_;
        Resume<Answer<T>> resume_;
        Answer<T> answer_;
    };

    [[nodiscard]] std::exception_ptr refusal() const;
    void serve();
    void serve(const Batch& batch);
    /// Whether it wrote events. Throws when the whole batch failed.
    [[nodiscard]] bool commit(const Batch& batch);
    void run_job(Job& job, Write& write);
    void roll_back() noexcept;
    void call_nudge();
    void checkpoint_if_due();

    std::unique_ptr<Connection> db_;
    CachedRows& cached_;
    ChangedRows changed_;
    const std::size_t queue_limit_;
    const Clock clock_;
    const bool audits_;
    Health health_;
    Health checkpoint_health_;
    bool job_met_failure_ = false;

    const std::shared_ptr<Queue> queue_;

    std::mutex nudge_mutex_;
    std::function<void()> nudge_;

    std::thread thread_;
};

}  // namespace userd::sqlite
