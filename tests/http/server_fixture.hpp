#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "async/resume.hpp"
#include "base/errc.hpp"
#include "http/client.hpp"
#include "http/server.hpp"

namespace userd::http {

/// Requests that a handler keeps until the test lets them go.
class Holder {
  public:
    Task<void> hold() {
        auto start = [this](Resume<int> resume) {
            const std::scoped_lock lock(mutex_);
            held_.push_back(std::move(resume));
            changed_.notify_all();
        };
        co_await wait_for<int>(start);
    }
    void await(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return held_.size() >= count; });
    }
    void release() {
        std::vector<Resume<int>> held;
        {
            const std::scoped_lock lock(mutex_);
            held.swap(held_);
        }
        for (const Resume<int>& resume : held)
            resume(0);
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Resume<int>> held_;
};

/// A server on a free port of 127.0.0.1, with handlers that show what the tests ask about.
class ServerFixture : public testing::Test {
  protected:
    static constexpr std::size_t kLoops = 3;

    /// To be called once. `settings.port` stays 0: any free one.
    void start(ServerSettings settings = {}) {
        settings.port = 0;
        server_.emplace(loops_, Router(routes()), std::move(settings));
        server_->start();
        loops_.start();
    }
    void TearDown() override {
        holder_.release();
        if (server_) server_->stop();
        EXPECT_TRUE(becomes([this] { return !server_ || server_->connections() == 0; }));
        loops_.stop();
        loops_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }

    /// Whether `condition` holds within a generous time.
    [[nodiscard]] static bool becomes(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return true;
    }

    /// Answers so far, of all methods of a path; of no route: "other".
    [[nodiscard]] std::uint64_t count_of(std::string_view path, unsigned status) const {
        const auto& known = server_->router().routes();
        std::uint64_t count =
            path == "other" ? server_->counts().back()->by_status[status].load() : 0;
        for (std::size_t i = 0; i < known.size(); ++i)
            if (known[i].path == path) count += server_->counts()[i]->by_status[status];
        return count;
    }

    Loops loops_{kLoops};
    Holder holder_;
    std::optional<Server> server_;

  private:
    static Response text(std::string body) {
        Response response;
        response.body = std::move(body);
        return response;
    }
    static Task<Response> echo(const Request& request) {
        co_return text(request.path + "|" + std::string(request.body.reveal()));
    }
    static Task<Response> loop(const Request&) { co_return text(std::to_string(current_loop())); }
    static Task<Response> huge(const Request&) { co_return text(std::string(64U << 20U, 'x')); }
    static Task<Response> hold(Holder& holder) {
        co_await holder.hold();
        co_return text("held");
    }
    static Task<Response> fail_late(Holder& holder) {
        co_await holder.hold();
        throw std::runtime_error("late reason");
    }
    static Task<Response> fail(const Request&) {
        throw std::runtime_error("private reason");
        co_return text("");
    }
    static Task<Response> be_away(const Request&) {
        throw StoreUnavailable("database is locked");
        co_return text("");
    }

    std::vector<Route> routes() {
        return {{Method::get, "/echo", Access::anyone, echo},
                {Method::post, "/echo", Access::anyone, echo},
                {Method::get, "/loop", Access::anyone, loop},
                {Method::get, "/huge", Access::anyone, huge},
                {Method::get, "/fail", Access::anyone, fail},
                {Method::get, "/away", Access::anyone, be_away},
                {Method::get, "/hold", Access::anyone,
                 [this](const Request&) { return hold(holder_); }},
                {Method::get, "/fail-late", Access::anyone,
                 [this](const Request&) { return fail_late(holder_); }}};
    }
};

}  // namespace userd::http
