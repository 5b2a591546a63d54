#include "http/tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <new>

#include "http/pem.hpp"

namespace userd::http {
namespace {

using pem::kCertificate;
using pem::kKey;
using BignumPointer = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

// For TLS 1.2; those of 1.3 are all of this kind.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr int kSecurityLevel = 2;  // 112 bits: no RSA below 2048, no SHA-1

Timestamp time_of(const ASN1_TIME* time) {
    std::tm broken_down{};
    if (ASN1_TIME_to_tm(time, &broken_down) != 1) return {};
    return from_unix_seconds(timegm(&broken_down));
}

std::string serial_of(const X509* certificate) {
    const BignumPointer number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr),
                               BN_free);
    char* text = number ? BN_bn2hex(number.get()) : nullptr;
    std::string serial = text == nullptr ? "" : text;
    OPENSSL_free(text);
    return serial;
}

/// `place` 0 is the server's own, others its chain.
void warn_if_out_of_time(const std::filesystem::path& path, const X509* certificate,
                         std::size_t place, std::vector<std::string>& warnings) {
    const Timestamp now = system_now();
    const Timestamp begins = time_of(X509_get0_notBefore(certificate));
    const Timestamp ends = time_of(X509_get0_notAfter(certificate));
    std::string who = std::string(kCertificate) + ": " + path.string();
    if (place > 0) who += " (certificate " + std::to_string(place + 1) + ")";
    if (now > ends) warnings.push_back(who + " expired at " + rfc3339(ends));
    if (now < begins) warnings.push_back(who + " is not valid before " + rfc3339(begins));
}

int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void* /*argument*/) {
    static constexpr unsigned char kOurs[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* match = nullptr;
    const int found =
        SSL_select_next_proto(&match, chosen_size, kOurs, sizeof kOurs, offered, offered_size);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

/// What the server speaks, whatever the machine's openssl.cnf says.
void set_rules(SSL_CTX* context) {
    SSL_CTX_set_security_level(context, kSecurityLevel);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_clear_options(context, SSL_OP_LEGACY_SERVER_CONNECT |
                                       SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                                       SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    // Tickets carry a session's state; the cache would only hold memory for clients without them.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    const bool set = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                     SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                     SSL_CTX_set_cipher_list(context, kCiphers) == 1 &&
                     SSL_CTX_set1_groups_list(context, kGroups) == 1;
    if (!set) throw std::runtime_error("OpenSSL does not take the TLS rules: " + pem::reason());
}

void use(SSL_CTX* context, const std::vector<pem::X509Pointer>& chain, EVP_PKEY* key,
         const TlsFiles& files) {
    if (X509_check_private_key(chain.front().get(), key) != 1)
        pem::fail(kKey, files.key,
                  "does not belong to the first certificate of " + files.certificate.string());
    if (SSL_CTX_use_certificate(context, chain.front().get()) != 1)
        pem::fail(kCertificate, files.certificate, "cannot be used: " + pem::reason());
    for (std::size_t i = 1; i < chain.size(); ++i)
        if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1)
            pem::fail(kCertificate, files.certificate,
                      "has a chain that cannot be used: " + pem::reason());
    if (SSL_CTX_use_PrivateKey(context, key) != 1)
        pem::fail(kKey, files.key, "cannot be used: " + pem::reason());
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept {
    SSL_CTX_free(context);
}

TlsContext::TlsContext(const TlsFiles& files) : context_(SSL_CTX_new(TLS_server_method())) {
    if (!context_) throw std::bad_alloc();
    set_rules(context_.get());
    const std::vector<pem::X509Pointer> chain = pem::read_chain(files.certificate);
    const pem::KeyPointer key = pem::read_key(files.key, warnings_);
    use(context_.get(), chain, key.get(), files);
    for (std::size_t i = 0; i < chain.size(); ++i)
        warn_if_out_of_time(files.certificate, chain[i].get(), i, warnings_);
    serial_ = serial_of(chain.front().get());
    not_after_ = time_of(X509_get0_notAfter(chain.front().get()));
}

TlsSource::TlsSource(TlsFiles files)
    : files_(std::move(files)), current_(std::make_shared<const TlsContext>(files_)) {}

std::shared_ptr<const TlsContext> TlsSource::current() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

void TlsSource::reload() {
    auto next = std::make_shared<const TlsContext>(files_);
    const std::lock_guard lock(mutex_);
    current_.swap(next);
}

}  // namespace userd::http
