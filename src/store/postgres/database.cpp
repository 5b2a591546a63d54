#include "store/postgres/database.hpp"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <thread>

#include "store/postgres/pool.hpp"

namespace userd::postgres {
namespace {

namespace asio = boost::asio;

// Reads wait for the processor, changes for a disk as well, of one machine or two: they need more
// connections for the same rate.
constexpr std::size_t kShareOfReads = 4;

PoolSettings pool_of(const PostgresSettings& settings, std::size_t connections) {
    PoolSettings pool;
    pool.prepared = settings.prepared;
    pool.connections = std::max<std::size_t>(connections, 1);
    pool.queue = settings.queue;
    pool.connect_timeout = settings.connect_timeout;
    pool.operation_timeout = settings.operation_timeout;
    return pool;
}

/// The loop of those who have none of the given ones, and its thread.
class OwnLoop {
  public:
    OwnLoop() {
        thread_ = std::thread([this] {
            pthread_setname_np(pthread_self(), "postgres");
            context_.run();
        });
    }
    ~OwnLoop() { stop(); }
    OwnLoop(const OwnLoop&) = delete;
    OwnLoop& operator=(const OwnLoop&) = delete;

    void stop() {
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] asio::io_context& context() noexcept { return context_; }

  private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    std::thread thread_;
};

[[noreturn]] void throw_failure(const Failure& failure) {
    switch (failure.kind) {
        case Failure::Kind::unique:
            throw UniqueViolation("database: " + failure.message);
        case Failure::Kind::fault:
            throw std::runtime_error("database: " + failure.message);
        default:
            throw StoreUnavailable("database: " + failure.message);
    }
}

}  // namespace

/// The connections of one loop. Reads have their own, so that none waits behind a commit which
/// waits for a disk, a standby or a lock.
class LoopConnections {
  public:
    LoopConnections(asio::io_context& loop, const Conninfo& conninfo,
                    const PostgresSettings& settings, Health& health)
        : loop_(loop),
          reads_(loop, conninfo, pool_of(settings, reads_of(settings)), health),
          changes_(loop, conninfo, pool_of(settings, settings.connections - reads_of(settings)),
                   health) {}

    [[nodiscard]] asio::io_context& loop() const noexcept { return loop_; }
    /// On the loop.
    void submit(RequestPtr request) {
        Pool& pool = request->is_read() ? reads_ : changes_;
        pool.submit(std::move(request));
    }

  private:
    static std::size_t reads_of(const PostgresSettings& settings) {
        return std::clamp<std::size_t>(settings.connections / kShareOfReads, 1,
                                       settings.connections);
    }
    asio::io_context& loop_;
    Pool reads_;
    Pool changes_;
};

class Database::Impl {
  public:
    explicit Impl(PostgresSettings settings)
        : conninfo_(settings.conninfo),
          clock_(settings.clock),
          operation_timeout_(settings.operation_timeout),
          own_(own_loop_.context(), conninfo_, settings, health_) {
        for (asio::io_context* loop : settings.loops)
            of_loops_.push_back(
                std::make_unique<LoopConnections>(*loop, conninfo_, settings, health_));
    }
    ~Impl() {
        // What its pool has posted to it must not run while the pool goes.
        own_loop_.stop();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// `executor` is that of the coroutine which waits.
    void submit(RequestPtr request, const asio::any_io_executor& executor) {
        request->deadline = std::chrono::steady_clock::now() + operation_timeout_;
        for (const auto& each : of_loops_)
            if (&each->loop() == &executor.context()) return each->submit(std::move(request));
        asio::post(own_loop_.context(), [this, request = std::move(request)]() mutable {
            own_.submit(std::move(request));
        });
    }
    [[nodiscard]] std::optional<Timestamp> now() const {
        if (!clock_) return std::nullopt;
        return (*clock_)();
    }

  private:
    const Conninfo conninfo_;
    const std::optional<Clock> clock_;
    const std::chrono::milliseconds operation_timeout_;
    Health health_{"PostgreSQL"};
    OwnLoop own_loop_;
    LoopConnections own_;
    std::vector<std::unique_ptr<LoopConnections>> of_loops_;
};

Database::Database(PostgresSettings settings)
    : audits_(settings.audit), impl_(std::make_unique<Impl>(std::move(settings))) {}

Database::~Database() = default;

Task<Rows> Database::run(const Statement& statement, Params params, std::optional<Uuid> row) {
    std::vector<Command> commands;
    commands.push_back({&statement, std::move(params), row});
    std::vector<Rows> results = co_await run(std::move(commands));
    co_return std::move(results.front());
}

Task<std::vector<Rows>> Database::run(std::vector<Command> commands) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto request = std::make_unique<Request>();
    request->commands = std::move(commands);
    auto start = [&](Resume<RequestPtr> resume) {
        request->done = std::move(resume);
        impl_->submit(std::move(request), executor);
    };
    const RequestPtr done = co_await wait_for<RequestPtr>(start);
    if (done->failure) throw_failure(*done->failure);
    co_return std::move(done->rows);
}

std::optional<Timestamp> Database::now() const {
    return impl_->now();
}

}  // namespace userd::postgres
