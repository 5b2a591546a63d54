#include "store/sqlite/writer.hpp"

#include <pthread.h>

namespace userd::sqlite {
namespace {

// SQLite's own default: small enough to stay in the cache, large enough to seldom sync the
// database.
constexpr int kCheckpointPages = 1000;

}  // namespace

Writer::Writer(std::unique_ptr<Connection> db, CachedRows& cached, std::size_t queue, Clock clock,
               bool audits)
    : db_(std::move(db)),
      cached_(cached),
      queue_limit_(queue),
      clock_(std::move(clock)),
      audits_(audits),
      health_("writing"),
      checkpoint_health_("checkpoints"),
      queue_(std::make_shared<Queue>(queue)) {
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "sqlite-writer");
        serve();
    });
}

Writer::~Writer() {
    queue_->stop();
    thread_.join();
}

std::optional<std::uint64_t> Writer::Queue::push(std::unique_ptr<Job> job) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= limit_) return std::nullopt;
    waiting_.push_back(std::move(job));
    return taken_ + waiting_.size() - 1;
}

void Writer::Queue::wake(std::uint64_t number) {
    {
        const std::lock_guard lock(mutex_);
        if (is_due_ || number < taken_) return;
        is_due_ = true;
    }
    woken_.notify_one();
}

Writer::Batch Writer::Queue::take() {
    std::unique_lock lock(mutex_);
    woken_.wait(lock, [this] { return stopping_ || is_due_; });
    is_due_ = false;
    taken_ += waiting_.size();
    return std::exchange(waiting_, {});
}

void Writer::Queue::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    woken_.notify_one();
}

std::exception_ptr Writer::refusal() const {
    return std::make_exception_ptr(StoreUnavailable(
        "database " + db_->path().string() + ": too many writes wait (" +
        std::to_string(queue_limit_) + "); try again, and check the speed of its disk"));
}

void Writer::serve() {
    for (;;) {
        const Batch batch = queue_->take();
        if (batch.empty()) return;
        serve(batch);
    }
}

void Writer::serve(const Batch& batch) {
    std::optional<std::string> failure;
    bool wrote_events = false;
    try {
        wrote_events = commit(batch);
        if (!job_met_failure_) health_.worked();
    } catch (const std::exception& error) {
        failure = error.what();
        roll_back();
        health_.failed(*failure);
    }
    cached_.forget(std::exchange(changed_, {}));
    if (wrote_events) call_nudge();
    ResumeGroup answers;
    for (const auto& job : batch)
        job->answer(failure, answers);
    answers.post();
    checkpoint_if_due();
}

bool Writer::commit(const Batch& batch) {
    job_met_failure_ = false;
    db_->execute("BEGIN IMMEDIATE");
    bool wrote_events = false;
    for (const auto& job : batch) {
        Write write{*db_, clock_(), changed_, false, audits_};
        run_job(*job, write);
        wrote_events = wrote_events || write.wrote_events;
    }
    db_->execute("COMMIT");
    return wrote_events;
}

void Writer::run_job(Job& job, Write& write) {
    db_->execute("SAVEPOINT job");
    try {
        job.run(write);
    } catch (const std::exception& error) {
        // Some errors (a full disk, an I/O error) make SQLite roll the whole transaction back.
        if (!db_->in_transaction()) throw;
        if (dynamic_cast<const StoreUnavailable*>(&error) != nullptr) {
            job_met_failure_ = true;
            health_.failed(error.what());
        }
        job.fail(std::current_exception());
        db_->execute("ROLLBACK TO job");
    }
    db_->execute("RELEASE job");
}

void Writer::roll_back() noexcept {
    try {
        if (db_->in_transaction()) db_->execute("ROLLBACK");
    } catch (const std::exception& error) {
        log::error("a transaction was not rolled back", {{"error", error.what()}});
    }
}

void Writer::on_event(std::function<void()> nudge) {
    const std::lock_guard lock(nudge_mutex_);
    nudge_ = std::move(nudge);
}

void Writer::call_nudge() {
    const std::lock_guard lock(nudge_mutex_);
    if (!nudge_) return;
    try {
        nudge_();
    } catch (const std::exception& error) {
        log::error("the relay was not told of new events", {{"error", error.what()}});
    }
}

void Writer::checkpoint_if_due() {
    if (db_->wal_pages() < kCheckpointPages) return;
    try {
        db_->checkpoint();
        checkpoint_health_.worked();
    } catch (const std::exception& error) {
        // The commits are safe in the log, which grows until a checkpoint succeeds.
        checkpoint_health_.failed(error.what());
    }
}

}  // namespace userd::sqlite
