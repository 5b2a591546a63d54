#include "http/pem.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <new>
#include <optional>
#include <string_view>

#include "base/files.hpp"
#include "http/tls.hpp"

namespace userd::http::pem {
namespace {

using BioPointer = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

constexpr std::size_t kMaxChain = 1 << 20;

BioPointer bio_over(std::string_view bytes) {
    BioPointer bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), BIO_free_all);
    if (!bio) throw std::bad_alloc();
    return bio;
}

bool at_end_of_pem() {
    const unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/// OpenSSL's own callback would ask at the terminal. `asked` becomes true.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

KeyPointer parse_key(const std::filesystem::path& path, std::string_view pem) {
    // OpenSSL's decoders say "unsupported" to whatever else the file holds.
    if (pem.find("PRIVATE KEY-----") == std::string_view::npos)
        fail(kKey, path, "holds no private key in PEM form");
    const BioPointer bio = bio_over(pem);
    bool asked = false;
    ERR_clear_error();
    KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &asked),
                   EVP_PKEY_free);
    if (key) return key;
    if (asked) fail(kKey, path, "has a passphrase; remove it with: openssl pkey");
    fail(kKey, path, "holds a broken private key: " + reason());
}

}  // namespace

void fail(const char* setting, const std::filesystem::path& path, const std::string& what) {
    ERR_clear_error();
    throw TlsError(std::string(setting) + ": " + path.string() + " " + what);
}

std::string reason() {
    const char* text = ERR_reason_error_string(ERR_peek_last_error());
    return text == nullptr ? "unknown error" : text;
}

std::vector<X509Pointer> read_chain(const std::filesystem::path& path) {
    std::optional<std::string> pem;
    try {
        pem = read_file(path, kMaxChain);
    } catch (const std::runtime_error& error) {
        throw TlsError(std::string(kCertificate) + ": " + error.what());
    }
    if (!pem) fail(kCertificate, path, "does not exist");
    const BioPointer bio = bio_over(*pem);
    std::vector<X509Pointer> chain;
    for (;;) {
        ERR_clear_error();
        X509Pointer next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
        if (!next) break;
        chain.push_back(std::move(next));
    }
    if (!at_end_of_pem()) fail(kCertificate, path, "holds a broken certificate: " + reason());
    if (chain.empty()) fail(kCertificate, path, "holds no certificate in PEM form");
    ERR_clear_error();
    return chain;
}

KeyPointer read_key(const std::filesystem::path& path, std::vector<std::string>& warnings) {
    std::optional<DeployedKey> file;
    try {
        file = read_deployed_key(path);
    } catch (const std::runtime_error& error) {
        throw TlsError(std::string(kKey) + ": " + error.what());
    }
    if (!file) fail(kKey, path, "does not exist");
    if (file->readable_by_all)
        warnings.push_back(std::string(kKey) + ": every user of this machine may read " +
                           path.string() + "; better: chmod o-r");
    return parse_key(path, file->content.reveal());
}

}  // namespace userd::http::pem
