#include "events/kafka_transactional_publisher.hpp"

#include <pthread.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "events/kafka_transactions.hpp"
#include "events/kafka_wakeup.hpp"

namespace userd {
namespace {

constexpr std::size_t kMostInTransaction = 10'000;
constexpr std::size_t kMostWaiting = 20'000;
constexpr std::chrono::seconds kServeEvery{1};  // while nothing is sent

/// on_error, on the executor, from whichever thread.
BrokerErrorSink post_to(const boost::asio::any_io_executor& executor, BrokerErrorSink on_error) {
    return [executor, on_error = std::move(on_error)](const BrokerError& error) {
        boost::asio::post(executor, [on_error, error] { on_error(error); });
    };
}

class TransactionalPublisher : public Publisher {
  public:
    TransactionalPublisher(const KafkaSettings& settings,
                           const boost::asio::any_io_executor& executor, BrokerErrorSink on_error)
        : wakeup_(executor),
          transactions_(settings, post_to(executor, std::move(on_error)), stopping_),
          thread_([this] { run(); }) {}
    ~TransactionalPublisher() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        has_work_.notify_one();
        thread_.join();
    }

    [[nodiscard]] bool is_ready() const override { return is_ready_; }

    bool send(const Event& event) override {
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.size() >= kMostWaiting) return false;
            waiting_.push_back(event);
        }
        has_work_.notify_one();
        return true;
    }

    std::vector<Delivery> poll() override {
        const std::lock_guard lock(mutex_);
        if (!broken_.text.empty()) {
            for (const Event& event : std::exchange(waiting_, {}))
                settled_.push_back(failed(event, broken_));
            if (settled_.empty()) throw PublisherBroken(broken_);
        }
        return std::exchange(settled_, {});
    }

    Task<void> wait() override { return wakeup_.wait(); }
    void wake() override { wakeup_.wake(); }

  private:
    void run() {
        pthread_setname_np(pthread_self(), "kafka-commit");
        BrokerError failure;
        try {
            transactions_.take_hold();
            is_ready_ = true;
            wake();
            while (transactions_.broken().text.empty() && wait_for_work())
                run_transaction();
            failure = transactions_.broken();
        } catch (const PublisherBroken& error) {
            failure = {error.fault(), error.what()};
        } catch (const std::exception& error) {
            failure.text = error.what();
        }
        const std::lock_guard lock(mutex_);
        for (const Event& event : std::exchange(taken_, {}))
            settled_.push_back(failed(event, failure));
        broken_ = std::move(failure);
        wake();
    }

    static Delivery failed(const Event& event, const BrokerError& error) {
        return {event.sequence, Delivery::Outcome::failed, error.text, error.fault};
    }

    /// False when stopping.
    bool wait_for_work() {
        std::unique_lock lock(mutex_);
        const auto is_due = [this] { return stopping_ || !waiting_.empty() || !taken_.empty(); };
        while (!has_work_.wait_for(lock, kServeEvery, is_due)) {
            lock.unlock();
            transactions_.serve();
            lock.lock();
        }
        return !stopping_;
    }

    /// All that waits, and what comes while that is produced.
    void run_transaction() {
        while (transactions_.size() < kMostInTransaction && has_taken()) {
            if (!transactions_.add(taken_.front())) break;
            taken_.pop_front();
        }
        if (stopping_) return;
        std::vector<Delivery> deliveries = transactions_.commit();
        const std::lock_guard lock(mutex_);
        std::move(deliveries.begin(), deliveries.end(), std::back_inserter(settled_));
        wake();
    }

    bool has_taken() {
        if (!taken_.empty()) return true;
        const std::lock_guard lock(mutex_);
        taken_.swap(waiting_);
        return !taken_.empty();
    }

    KafkaWakeup wakeup_;
    std::mutex mutex_;
    std::condition_variable has_work_;
    std::deque<Event> waiting_;
    std::vector<Delivery> settled_;
    BrokerError broken_;  ///< without a text while it is none
    std::atomic<bool> stopping_{false};
    std::atomic<bool> is_ready_{false};
    std::deque<Event> taken_;  ///< the thread's
    kafka::Transactions transactions_;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<Publisher> make_transactional_publisher(const KafkaSettings& settings,
                                                        boost::asio::any_io_executor executor,
                                                        BrokerErrorSink on_error) {
    return std::make_unique<TransactionalPublisher>(settings, executor, std::move(on_error));
}

}  // namespace userd
