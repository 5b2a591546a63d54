#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "http/chunked.hpp"
#include "http/head.hpp"
#include "http/read_buffer.hpp"
#include "http/render.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "http/transport.hpp"

namespace userd::http {

/// What every connection of a server shares; outlives them.
struct ServerContext {
    Router router;
    ServerSettings settings;
    std::vector<std::unique_ptr<RouteCounts>> counts;
    std::atomic<std::size_t> connections{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> failed_handshakes{0};
    std::atomic<bool> stopping{false};
};

/// One connection on one loop: reads requests, one after the other, and writes their answers in
/// order. Only its loop's thread touches it.
class Connection {
  public:
    Connection(std::shared_ptr<ServerContext> context, Transport transport);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Until either side closes. Never throws. `self` keeps the connection alive.
    static Task<void> run(std::shared_ptr<Connection> self);

    /// Cancels what waits beyond its deadline; called by the loop's sweep.
    void sweep(std::chrono::steady_clock::time_point now);
    /// Ends a handshake and the wait for a next request; a running request is finished.
    void stop();

  private:
    enum class Phase { handshake, idle, head, body, handling, writing };
    enum class Read { ready, closed, failed };

    Task<bool> shake_hands();
    Task<void> serve();
    Task<void> end_encrypted();
    Task<Read> read_head();
    Task<Read> read_body();
    Task<Read> read_sized_body(std::size_t size);
    Task<Read> read_chunked_body();
    Task<bool> read_some();
    Task<bool> write(std::string bytes);
    Task<Response> handle(const Router::Match& match);
    Task<void> answer_failure();
    Task<void> drain();
    void accept_head(Head head);
    void enter(Phase phase);
    [[nodiscard]] Framing framing(bool keep_alive) const;
    void account(const Router::Match& match, unsigned status,
                 std::chrono::steady_clock::time_point began) const;

    std::shared_ptr<ServerContext> context_;
    Transport transport_;
    std::string peer_;
    ReadBuffer in_;
    Head head_;
    Response failure_;  ///< the answer to a request that could not be read
    Phase phase_ = Phase::idle;
    std::chrono::steady_clock::time_point deadline_;
    bool timed_out_ = false;
    bool writable_ = true;  ///< no write has failed
};

}  // namespace userd::http
