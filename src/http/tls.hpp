#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/clock.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX; its headers stay out of the files that only pass it on

namespace userd::http {

struct TlsFiles {
    std::filesystem::path certificate;  ///< PEM: the server's certificate, then its chain
    std::filesystem::path key;          ///< PEM, without a passphrase
};

/// what() is one line that names TLS_CERTIFICATE or TLS_KEY, the file and the reason.
class TlsError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A certificate and its key, with what the server speaks: TLS 1.2 with ECDHE and AEAD, and 1.3;
/// ALPN http/1.1 (RFC 7301: a client that offers only others is refused); neither renegotiation,
/// compression nor early data. Sessions resume by OpenSSL's tickets, whose keys live and die with
/// this object; nothing is kept per session. Immutable, thread-safe.
class TlsContext {
  public:
    /// Throws TlsError.
    explicit TlsContext(const TlsFiles& files);

    [[nodiscard]] ssl_ctx_st* native() const noexcept { return context_.get(); }
    [[nodiscard]] const std::string& serial() const noexcept { return serial_; }  ///< hexadecimal
    [[nodiscard]] Timestamp not_after() const noexcept { return not_after_; }
    /// What serves but should not last: a certificate out of its time, a key that all may read.
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

  private:
    struct Free {
        void operator()(ssl_ctx_st* context) const noexcept;
    };
    std::unique_ptr<ssl_ctx_st, Free> context_;
    std::string serial_;
    Timestamp not_after_;
    std::vector<std::string> warnings_;
};

/// What new connections get; exchanged whole, so a connection never sees half a change.
/// Thread-safe.
class TlsSource {
  public:
    /// Throws TlsError.
    explicit TlsSource(TlsFiles files);

    [[nodiscard]] std::shared_ptr<const TlsContext> current() const;
    /// Reads the files again. Throws TlsError and keeps the context it has.
    void reload();

  private:
    TlsFiles files_;
    // Not std::atomic<std::shared_ptr>: ThreadSanitizer does not understand libstdc++ 12's.
    mutable std::mutex mutex_;
    std::shared_ptr<const TlsContext> current_;
};

}  // namespace userd::http
