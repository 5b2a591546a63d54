#include "app/control.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/json.hpp>

#include "base/log.hpp"

namespace userd {
namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using Endpoint = asio::local::stream_protocol::endpoint;

constexpr std::size_t kMaxRequest = 64 * 1024;
constexpr std::size_t kMaxReply = 256 * 1024 * 1024;
constexpr std::chrono::seconds kTimeout{10};

/// An address of a socket whose path may be longer than sockaddr_un holds (108 bytes): through the
/// folder's descriptor, which must stay open while the endpoint is used.
class SocketAddress {
  public:
    explicit SocketAddress(const std::filesystem::path& path)
        : folder_(::open(path.has_parent_path() ? path.parent_path().c_str() : ".",
                         O_PATH | O_DIRECTORY | O_CLOEXEC)),
          endpoint_("/proc/self/fd/" + std::to_string(folder_) + "/" + path.filename().string()) {}
    ~SocketAddress() {
        if (folder_ >= 0) ::close(folder_);
    }
    SocketAddress(const SocketAddress&) = delete;
    SocketAddress& operator=(const SocketAddress&) = delete;
    [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }

  private:
    int folder_;
    Endpoint endpoint_;
};

boost::json::object to_json(const AdminStep& step) {
    return {{"user", step.user},
            {"since", step.since},
            {"after", step.after},
            {"until", step.until},
            {"swept_only", step.swept_only},
            {"ids", boost::json::array(step.ids.begin(), step.ids.end())}};
}

AdminStep step_of(const boost::json::object& object) {
    AdminStep step;
    step.user = std::string_view(object.at("user").as_string());
    step.since = object.at("since").to_number<std::int64_t>();
    step.after = std::string_view(object.at("after").as_string());
    step.until = object.at("until").to_number<std::int64_t>();
    step.swept_only = object.at("swept_only").as_bool();
    for (const boost::json::value& id : object.at("ids").as_array())
        step.ids.emplace_back(std::string_view(id.as_string()));
    return step;
}

std::string to_line(const AdminRequest& request) {
    return boost::json::serialize(boost::json::object{{"command", request.command},
                                                      {"name", request.name},
                                                      {"email", request.email},
                                                      {"password_hash", request.password_hash},
                                                      {"password", request.password.reveal()},
                                                      {"private_key", request.private_key.reveal()},
                                                      {"now", request.now},
                                                      {"limit", request.limit},
                                                      {"json", request.json},
                                                      {"all", request.all},
                                                      {"step", to_json(request.step)}}) +
           "\n";
}

AdminRequest request_of(const std::string& line) {
    const boost::json::value value = boost::json::parse(line);
    const boost::json::object& object = value.as_object();
    const auto text = [&object](std::string_view name) {
        return std::string(std::string_view(object.at(name).as_string()));
    };
    AdminRequest request;
    request.command = text("command");
    request.name = text("name");
    request.email = text("email");
    request.password_hash = text("password_hash");
    request.password = Secret(text("password"));
    request.private_key = Secret(text("private_key"));
    request.now = object.at("now").as_bool();
    request.limit = object.at("limit").to_number<int>();
    request.json = object.at("json").as_bool();
    request.all = object.at("all").as_bool();
    request.step = step_of(object.at("step").as_object());
    return request;
}

std::string to_line(const AdminReply& reply) {
    return boost::json::serialize(boost::json::object{
               {"exit_code", reply.exit_code}, {"output", reply.output}, {"error", reply.error}}) +
           "\n";
}

AdminReply reply_of(const std::string& line) {
    const boost::json::value value = boost::json::parse(line);
    const boost::json::object& object = value.as_object();
    AdminReply reply;
    reply.exit_code = object.at("exit_code").to_number<int>();
    reply.output = std::string_view(object.at("output").as_string());
    reply.error = std::string_view(object.at("error").as_string());
    return reply;
}

/// Of a command in steps the first.
void log_command(const AdminRequest& request) {
    const bool is_read = request.command == "step users";
    if (request.step.after.empty() && !is_read)
        log::info("command", {{"command", request.command},
                              {"name", request.name.empty() ? request.step.user : request.name}});
}

}  // namespace

std::filesystem::path control_path(const std::filesystem::path& database) {
    return database.string() + ".sock";
}

class ControlServer::Impl : public std::enable_shared_from_this<ControlServer::Impl> {
  public:
    Impl(asio::io_context& loop, std::filesystem::path path, Run run)
        : loop_(loop), path_(std::move(path)), run_(std::move(run)), acceptor_(loop) {
        // The database's lock is held, so a socket that is there is a dead server's.
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
        const SocketAddress address(path_);
        boost::system::error_code error;
        acceptor_.open();
        // The mode counts from the moment the name exists.
        const mode_t mask = ::umask(0177);
        acceptor_.bind(address.endpoint(), error);
        ::umask(mask);
        if (!error) acceptor_.listen(16, error);
        if (error)
            throw std::runtime_error("cannot make the control socket " + path_.string() + ": " +
                                     error.message());
    }

    void start() { asio::co_spawn(loop_, accept(shared_from_this()), asio::detached); }

    void stop() {
        asio::post(loop_, [self = shared_from_this()] {
            boost::system::error_code ignored;
            self->acceptor_.close(ignored);
        });
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }

  private:
    static Task<void> accept(std::shared_ptr<Impl> self) {
        for (;;) {
            auto [error, socket] =
                co_await self->acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
            if (error == asio::error::operation_aborted || !self->acceptor_.is_open()) co_return;
            if (error) {
                log::warning("control socket cannot accept", {{"error", error.message()}});
                asio::steady_timer pause(self->loop_, std::chrono::milliseconds(200));
                co_await pause.async_wait(asio::use_awaitable);
                continue;
            }
            asio::co_spawn(self->loop_, serve(self, std::make_shared<Socket>(std::move(socket))),
                           asio::detached);
        }
    }

    static Task<void> serve(std::shared_ptr<Impl> self, std::shared_ptr<Socket> socket) {
        asio::steady_timer deadline(self->loop_, kTimeout);
        deadline.async_wait([socket](boost::system::error_code error) {
            if (!error) socket->cancel();
        });
        std::string line;
        const auto [error, size] =
            co_await asio::async_read_until(*socket, asio::dynamic_buffer(line, kMaxRequest), '\n',
                                            asio::as_tuple(asio::use_awaitable));
        deadline.cancel();
        if (error) co_return;
        const AdminReply reply = co_await answer(self, std::move(line));
        const std::string out = to_line(reply);
        co_await asio::async_write(*socket, asio::buffer(out), asio::as_tuple(asio::use_awaitable));
    }

    static Task<AdminReply> answer(std::shared_ptr<Impl> self, std::string line) {
        std::string failure;
        try {
            AdminRequest request = request_of(line);
            wipe(line);
            log_command(request);
            co_return co_await self->run_(std::move(request));
        } catch (const std::exception& error) {
            failure = error.what();
        }
        co_return AdminReply{1, {}, failure};
    }

    asio::io_context& loop_;
    std::filesystem::path path_;
    Run run_;
    asio::local::stream_protocol::acceptor acceptor_;
};

ControlServer::ControlServer(asio::io_context& loop, std::filesystem::path path, Run run)
    : impl_(std::make_shared<Impl>(loop, std::move(path), std::move(run))) {
    impl_->start();
}

ControlServer::~ControlServer() {
    stop();
}

void ControlServer::stop() {
    impl_->stop();
}

std::optional<AdminReply> ask_server(const std::filesystem::path& path,
                                     const AdminRequest& request) {
    asio::io_context context;
    Socket socket(context);
    boost::system::error_code error;
    const SocketAddress address(path);
    socket.connect(address.endpoint(), error);
    if (error) return std::nullopt;
    std::string line = to_line(request);
    asio::write(socket, asio::buffer(line), error);
    wipe(line);
    std::string reply;
    if (!error) asio::read_until(socket, asio::dynamic_buffer(reply, kMaxReply), '\n', error);
    if (error)
        throw std::runtime_error("the running server broke off: " + error.message() +
                                 "; look at its log and run the command again");
    return reply_of(reply);
}

}  // namespace userd
