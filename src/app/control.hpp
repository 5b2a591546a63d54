#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "app/admin.hpp"

namespace userd {

/// The socket beside the database through which commands reach a running server (mode 0600).
[[nodiscard]] std::filesystem::path control_path(const std::filesystem::path& database);

/// Listens on the socket and answers one request per connection: a line of JSON each way, at most
/// 64 KiB, within 10 s. Runs on one loop; removes the socket file when destroyed.
class ControlServer {
  public:
    using Run = std::function<Task<AdminReply>(AdminRequest)>;
    /// std::runtime_error when the socket cannot be made.
    ControlServer(boost::asio::io_context& loop, std::filesystem::path path, Run run);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;
    void stop();

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

/// Sends the request to the server behind the socket and waits for its reply; blocking.
/// Nothing when no server listens; std::runtime_error when it breaks off.
[[nodiscard]] std::optional<AdminReply> ask_server(const std::filesystem::path& path,
                                                   const AdminRequest& request);

}  // namespace userd
