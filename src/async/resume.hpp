#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "async/task.hpp"

namespace userd {

/// A coroutine that waits to go on, on its own executor.
class Suspended {
  public:
    explicit Suspended(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
    virtual ~Suspended() = default;
    Suspended(const Suspended&) = delete;
    Suspended& operator=(const Suspended&) = delete;

    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept {
        return executor_;
    }
    /// On the executor, once.
    virtual void go_on() = 0;

  private:
    const boost::asio::any_io_executor executor_;
};

/// Coroutines that go on together: one post, and so at most one wake-up, for each executor. For one
/// thread at a time.
class ResumeGroup {
  public:
    void add(std::shared_ptr<Suspended> coroutine) {
        const auto same = std::find_if(parts_.begin(), parts_.end(), [&](const Part& part) {
            return part.front()->executor() == coroutine->executor();
        });
        Part& part = same != parts_.end() ? *same : parts_.emplace_back();
        part.push_back(std::move(coroutine));
    }

    void post() {
        for (Part& part : std::exchange(parts_, {})) {
            const boost::asio::any_io_executor executor = part.front()->executor();
            // The loop may end as soon as they have run, while post() still touches it.
            const auto posting = boost::asio::make_work_guard(executor);
            boost::asio::post(executor, [part = std::move(part)] {
                for (const std::shared_ptr<Suspended>& coroutine : part)
                    coroutine->go_on();
            });
        }
    }

  private:
    using Part = std::vector<std::shared_ptr<Suspended>>;  ///< of one executor, never empty
    std::vector<Part> parts_;
};

/// Hands a value to a coroutine that waits on another thread. Copyable so that it fits
/// std::function; exactly one call of one copy must be made, from any thread.
template <class T>
class Resume {
  public:
    class Waiting : public Suspended {
      public:
        using Suspended::Suspended;
        std::optional<T> value;
    };

    Resume() = default;
    explicit Resume(std::shared_ptr<Waiting> waiting) : waiting_(std::move(waiting)) {}

    explicit operator bool() const noexcept { return waiting_ != nullptr; }

    void operator()(T value) const {
        ResumeGroup alone;
        (*this)(std::move(value), alone);
        alone.post();
    }
    /// The coroutine goes on once `group` is posted.
    void operator()(T value, ResumeGroup& group) const {
        waiting_->value.emplace(std::move(value));
        group.add(waiting_);
    }

  private:
    std::shared_ptr<Waiting> waiting_;
};

/// Suspends the coroutine, calls `start(resume)` at once on this thread, and goes on, on the
/// coroutine's own executor, with the value given to `resume`.
///
/// g++ 12: pass a named `start`, never a temporary lambda with captures (see STYLE, known faults).
template <class T, class Start>
Task<T> wait_for(Start& start) {
    auto initiate = [&start](auto handler) {
        using Handler = decltype(handler);
        class WaitingHandler final : public Resume<T>::Waiting {
          public:
            explicit WaitingHandler(Handler&& waiting)
                : Resume<T>::Waiting(boost::asio::get_associated_executor(waiting)),
                  work_(boost::asio::make_work_guard(waiting)),
                  handler_(std::move(waiting)) {}
            void go_on() override {
                Handler resumed = std::move(handler_);
                work_.reset();
                std::move(resumed)(*std::move(this->value));
            }

          private:
            // The guard keeps the loop running while only another thread will wake it.
            boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
            Handler handler_;
        };
        start(Resume<T>(std::make_shared<WaitingHandler>(std::move(handler))));
    };
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
        initiate, boost::asio::use_awaitable);
}

}  // namespace userd
