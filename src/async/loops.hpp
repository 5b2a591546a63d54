#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace userd {

/// Event loops, one io_context and one thread each. A coroutine started on a loop stays there.
/// Not movable; join() before anything that the loops' coroutines use goes away.
class Loops {
  public:
    /// `first_index` is current_loop() on the first of them, so that two sets do not share indices.
    explicit Loops(std::size_t count, std::size_t first_index = 0);
    ~Loops();
    Loops(const Loops&) = delete;
    Loops& operator=(const Loops&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return loops_.size(); }
    [[nodiscard]] boost::asio::io_context& at(std::size_t index) noexcept {
        return loops_[index]->context;
    }

    void start();
    /// Lets each loop end once it has nothing more to do.
    void finish();
    /// Ends each loop at once; what is suspended on it never resumes.
    void stop();
    void join();

  private:
    struct Context : boost::asio::io_context {
        using io_context::io_context;
        /// Destroys what waits on it; what lies on it (sockets, timers) may still be destroyed.
        void drop() { shutdown(); }
    };
    struct Loop {
        Context context{1};
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
            context.get_executor()};
        std::thread thread;
    };
    std::size_t first_index_;
    std::vector<std::unique_ptr<Loop>> loops_;
};

/// The index of the loop this thread runs; 0 on a thread that runs none.
[[nodiscard]] std::size_t current_loop() noexcept;

}  // namespace userd
