#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace userd::http {

struct Answer {
    unsigned status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

/// One connection to a server of the test's own, blocking; no call waits longer than 30 s.
class Client {
  public:
    explicit Client(std::uint16_t port)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval longest{30, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        is_connected_ =
            ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }

    /// False when the server has closed.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    Answer read() {
        Answer answer;
        const std::size_t head = await("\r\n\r\n");
        std::string_view lines = std::string_view(received_).substr(0, head + 2);
        answer.status = static_cast<unsigned>(std::stoul(std::string(lines.substr(9, 3))));
        for (lines.remove_prefix(lines.find("\r\n") + 2); !lines.empty();) {
            const std::string_view line = lines.substr(0, lines.find("\r\n"));
            lines.remove_prefix(line.size() + 2);
            std::string name(line.substr(0, line.find(':')));
            std::transform(name.begin(), name.end(), name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
            answer.headers[name] = line.substr(line.find(": ") + 2);
        }
        received_.erase(0, head + 4);
        const auto length = answer.headers.find("content-length");
        const std::size_t size = length == answer.headers.end() ? 0 : std::stoul(length->second);
        while (received_.size() < size)
            if (!receive()) throw std::runtime_error("closed within a body");
        answer.body = received_.substr(0, size);
        received_.erase(0, size);
        return answer;
    }

    Answer get(const std::string& path, const std::string& more = {}) {
        send("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n");
        return read();
    }

    /// Whether the server closes without sending anything more.
    [[nodiscard]] bool is_closed() { return received_.empty() && !receive(); }

    /// Nothing more will be sent.
    void shut() { ::shutdown(socket_, SHUT_WR); }

  private:
    bool receive() {
        char bytes[16384];
        const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            throw std::runtime_error("nothing came within 30 s");
        if (got <= 0) return false;
        received_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }
    std::size_t await(std::string_view text) {
        std::size_t at = 0;
        while ((at = received_.find(text)) == std::string::npos)
            if (!receive()) throw std::runtime_error("closed before an answer");
        return at;
    }

    int socket_;
    bool is_connected_ = false;
    std::string received_;
};

}  // namespace userd::http
